/** What the environment of a bridge wants of its consumer. */
import { type Config, type ConfigHelpers, readConfig } from "../../functions/bridge/config.ts";
import { consumerOf } from "../../functions/bridge/config/consumer.ts";
import { checkNames } from "../../functions/bridge/config/names.ts";
import { natsOf } from "../../functions/bridge/config/nats.ts";
import { Reader } from "../../functions/bridge/config/reader.ts";
import type { UpdateWanted } from "../../functions/bridge/source/consumer-update.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Wish {
  readonly nats: Config["nats"];
  readonly wanted: UpdateWanted;
}

export interface ReadWish {
  /** Undefined when there are faults. */
  readonly wish: Wish | undefined;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  readonly secrets: readonly string[];
}

const TARGETS = ["SQS_QUEUE_URL", "EVENT_BUS_NAME", "FUNCTION_ARN"] as const;

/** With a target, the whole environment is read as the service reads it; without, what belongs to NATS. */
export function readWish(environment: Environment, helpers: ConfigHelpers): ReadWish {
  const reader = new Reader(environment, helpers.readFile);
  const named = {
    ackWait: reader.isSet("JETSTREAM_ACK_WAIT"),
    maxAckPending: reader.isSet("JETSTREAM_MAX_ACK_PENDING"),
  };
  const knowsTarget = TARGETS.some((name) => reader.isSet(name));
  const { config, ...said } = knowsTarget
    ? readConfig(environment, "service", helpers)
    : withoutTarget(reader, environment, helpers);
  const wish = config && {
    nats: config.nats,
    wanted: { ...config.consumer, named, knowsTarget },
  };
  return { wish, ...said };
}

function withoutTarget(
  reader: Reader,
  environment: Environment,
  { credentialsFault }: ConfigHelpers,
): Omit<ReadWish, "wish"> & { readonly config: Pick<Config, "nats" | "consumer"> | undefined } {
  const nats = natsOf(reader);
  const ackWaitMs = reader.duration("JETSTREAM_ACK_WAIT", "10s", "1s", "1h");
  const consumer = consumerOf(reader, {
    ackWaitMs,
    isFifo: false,
    isOrdered: false,
    isHandler: false,
    // So that no consumer has too little room.
    window: 1,
  });
  const fault = credentialsFault(nats.credentials);
  if (fault !== undefined) reader.faults.push(fault);
  checkNames(reader, environment);
  const { faults, secrets, warnings } = reader;
  return { config: faults.length > 0 ? undefined : { nats, consumer }, faults, secrets, warnings };
}
