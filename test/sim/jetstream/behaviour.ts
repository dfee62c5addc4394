/** What differs between versions of nats-server, as far as the bridge can notice. Measured; test/sim/conformance holds it. */
export interface Behaviour {
  readonly version: string;
  /** Status at the end of a `no_wait` pull that brought what there was. */
  readonly drained: 404 | 408;
  /** A pull with `max_bytes` that is filled is told so. */
  readonly saysBatchCompleted: boolean;
  /** What a pull from a consumer that does not exist gets. */
  readonly missingConsumer: "silence" | 503;
  /** CONSUMER.INFO tells the server's time. */
  readonly hasTime: boolean;
  readonly canPause: boolean;
  /** An ack for a message that was not delivered yet is neither taken nor answered. Between 2.9 and 2.15 not measured. */
  readonly ignoresEarlyAcks: boolean;
  /** A consumer gets a new creation time whenever the server starts. */
  readonly createdAnewAtStart: boolean;
  /** Creating what exists with another configuration is refused, and not taken as an update. */
  readonly refusesOtherConfig: boolean;
}

export function behaviourOf(version: string): Behaviour {
  const [, minor = 0, patch = 0] = version.split(".").map(Number);
  const isBefore210 = minor < 10;
  return {
    version,
    drained:
      (minor === 11 && patch >= 11) || (minor === 12 && patch >= 2) || minor > 12 ? 404 : 408,
    saysBatchCompleted: !isBefore210,
    missingConsumer: isBefore210 ? "silence" : 503,
    hasTime: !isBefore210,
    canPause: minor >= 11,
    ignoresEarlyAcks: minor >= 11,
    createdAnewAtStart: isBefore210,
    refusesOtherConfig: !isBefore210,
  };
}
