import { type Environment, number } from "./environment.ts";

/** Where a consumer starts in its stream when it is made; later it stands where it was. */
export class DeliverPolicy {
  /** With the oldest message that the stream has. */
  static all(): DeliverPolicy {
    return new DeliverPolicy({ JETSTREAM_DELIVER_POLICY: "all" });
  }

  /** With what is stored after it was made. */
  static new(): DeliverPolicy {
    return new DeliverPolicy({ JETSTREAM_DELIVER_POLICY: "new" });
  }

  /** With the last message that the stream has. */
  static last(): DeliverPolicy {
    return new DeliverPolicy({ JETSTREAM_DELIVER_POLICY: "last" });
  }

  /** @param sequence of the stream, from 1. */
  static byStartSequence(sequence: number): DeliverPolicy {
    return new DeliverPolicy({
      JETSTREAM_DELIVER_POLICY: "by_start_sequence",
      JETSTREAM_OPT_START_SEQ: number(sequence),
    });
  }

  /** With the first message that was stored then or later. */
  static byStartTime(time: Date): DeliverPolicy {
    return new DeliverPolicy({
      JETSTREAM_DELIVER_POLICY: "by_start_time",
      JETSTREAM_OPT_START_TIME: time.toISOString(),
    });
  }

  readonly environment: Environment;

  private constructor(environment: Environment) {
    this.environment = environment;
  }
}
