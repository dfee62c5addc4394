/** AWS's side: the target, whoever listens behind it, and the store of dead letters. */
import type { Config } from "../config.ts";
import type { Ms } from "../core/ports.ts";
import { reasonOf } from "../sinks/failed-call.ts";
import { INVOKE_BYTES } from "../sinks/lambda/sink.ts";
import type { StreamAnswer } from "../source/api.ts";
import { callTimeoutOf, lazyQueue, storeTimeoutOf } from "../targets.ts";
import { checkBus, checkListeners } from "./bus.ts";
import type { Check, Checklist, Passed } from "./checklist.ts";
import { askPatiently } from "./patience.ts";
import { checkQueue } from "./queue.ts";
import { deletesOnAck } from "./stream.ts";

/** What the other checks have found of the stream. */
export interface Source {
  /** Undefined: it may not be looked at. */
  readonly stream: StreamAnswer | undefined;
  /** Bytes that the server takes in one message. */
  readonly maxPayload: number;
}

/** `source` is undefined when NATS could not be asked: what depends on it is then left out. */
export async function checkAws(
  config: Config,
  list: Checklist,
  patientUntil: Ms,
  source: Promise<Source | undefined>,
): Promise<void> {
  await Promise.all([
    checkTarget(config, list, patientUntil, source),
    checkDeadLetters(config, list, patientUntil),
  ]);
}

async function checkTarget(
  config: Config,
  list: Checklist,
  patientUntil: Ms,
  source: Promise<Source | undefined>,
): Promise<void> {
  const largest = await TARGETS[config.target.kind](config, list, patientUntil, source);
  const known = await source;
  if (largest === undefined || !known) return;
  await list.check("sizes", async (check) => compareSizes(config, largest, known, check));
}

/** Bytes of the largest message that it takes; undefined where that is not known, or there is no limit. */
type CheckOfKind = (
  config: Config,
  list: Checklist,
  patientUntil: Ms,
  source: Promise<Source | undefined>,
) => Promise<number | undefined>;

const TARGETS: Readonly<Record<Config["target"]["kind"], CheckOfKind>> = {
  sqs: checkTargetQueue,
  eventbridge: checkTargetBus,
  function: checkTargetFunction,
  handler: () => Promise.resolve(undefined),
};

async function checkTargetQueue(
  config: Config,
  list: Checklist,
  patientUntil: Ms,
): Promise<number | undefined> {
  const { target } = config;
  if (target.kind !== "sqs") return undefined;
  const queue = queueOf(config, target.queueUrl);
  const found = await list.check("target", (check) =>
    checkQueue(queue, "SQS_QUEUE_URL", { check, patientUntil }),
  );
  return found?.largest;
}

async function checkTargetBus(
  config: Config,
  list: Checklist,
  patientUntil: Ms,
  source: Promise<Source | undefined>,
): Promise<number | undefined> {
  const { target } = config;
  if (target.kind !== "eventbridge") return undefined;
  const [{ eventBus }, { busListeners }] = await Promise.all([
    import("../sinks/eventbridge/call.ts"),
    import("../sinks/eventbridge/listeners.ts"),
  ]);
  const timeoutMs = callTimeoutOf(config);
  const bus = eventBus({ name: target.bus, timeoutMs, concurrency: 1 });
  const arn = await list.check("target", (check) => checkBus(bus, check, patientUntil));
  const known = await source;
  if (arn === undefined || !known) return target.maxSize;
  const deletes = deletesOnAck(known.stream);
  await list.check("listeners", (check) =>
    checkListeners(busListeners(arn, timeoutMs), target.bus, { deletes, patientUntil }, check),
  );
  return target.maxSize;
}

async function checkTargetFunction(
  config: Config,
  list: Checklist,
  patientUntil: Ms,
): Promise<number | undefined> {
  const { target } = config;
  if (target.kind !== "function") return undefined;
  const { arn } = target;
  const { targetFunction } = await import("../sinks/lambda/call.ts");
  const called = targetFunction({ arn, timeoutMs: storeTimeoutOf(config), concurrency: 1 });
  await list.check("target", async (check): Promise<Passed<undefined>> => {
    await askPatiently((signal) => called.check(signal), { check, patientUntil }).catch((error) => {
      throw new Error(
        `the function ${arn} cannot be invoked: ${reasonOf(error)}; look at FUNCTION_ARN, and allow lambda:InvokeFunction`,
        { cause: error },
      );
    });
    return { value: undefined, text: `${arn} is there, and may be invoked` };
  });
  return INVOKE_BYTES;
}

async function checkDeadLetters(config: Config, list: Checklist, patientUntil: Ms): Promise<void> {
  const { deadLetterBucket, deadLetterQueueUrl: url } = config;
  await list.check("dead letters", async (check) => {
    if (url !== undefined) {
      await checkQueue(queueOf(config, url), "DEAD_LETTER_QUEUE_URL", { check, patientUntil });
      return { value: undefined, text: `the queue of the dead letters is there: ${url}` };
    }
    if (deadLetterBucket === undefined) {
      check.warn(
        "there is no place for dead letters: the first message that is rejected stops the bridge as blocked; set DEAD_LETTER_QUEUE_URL or DEAD_LETTER_BUCKET",
      );
    }
    return { value: undefined, text: "no queue for dead letters; a bucket is not looked at" };
  });
}

function queueOf(config: Config, url: string): ReturnType<typeof lazyQueue> {
  const { hasOwnSqsEndpoint: hasOwnEndpoint } = config;
  return lazyQueue({ url, timeoutMs: storeTimeoutOf(config), concurrency: 1, hasOwnEndpoint });
}

function compareSizes(
  { consumer, target: { kind } }: Config,
  largest: number,
  { maxPayload, stream }: Source,
  check: Check,
): Passed<undefined> {
  const ofStream = stream?.config.max_msg_size ?? -1;
  const most = ofStream > 0 ? Math.min(ofStream, maxPayload) : maxPayload;
  if (most > largest) {
    check.warn(
      `stream ${consumer.stream} takes messages up to ${most} bytes, and the target up to ${largest}, attributes included: a larger one becomes a dead letter${RAISE[kind]}`,
    );
  }
  return {
    value: undefined,
    text: `messages up to ${most} bytes, of which the target takes ${largest}`,
  };
}

const RAISE: Readonly<Record<Config["target"]["kind"], string>> = {
  sqs: "; raise the queue's MaximumMessageSize (at most 1048576), or lower the stream's max_msg_size",
  eventbridge: "; see EVENT_MAX_SIZE, or lower the stream's max_msg_size",
  function: "; lower the stream's max_msg_size",
  handler: "",
};
