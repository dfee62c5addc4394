/** The durable consumer: looked at, compared, made where that is asked for; never changed. */
import type { Config } from "../config.ts";
import { type ConsumerAnswer, ConsumerNotFound } from "../source/api.ts";
import { ConsumerApi } from "../source/consumer-api.ts";
import { isOurs } from "../source/consumer-update.ts";
import { differences, ownDifferences, surprises } from "../source/consumer.ts";
import { SourceError } from "../source/source-error.ts";
import { ask, type Nats } from "./ask.ts";
import type { Check, Passed } from "./checklist.ts";
import { foreignAdvice, howToCreate, ownAdvice } from "./commands.ts";
import { noStream } from "./stream.ts";

/** Undefined: there is none. */
export async function readConsumer(nats: Nats): Promise<ConsumerAnswer | undefined> {
  const { consumer, stream } = nats.config.consumer;
  const what = `consumer ${consumer} of stream ${stream}`;
  try {
    return await ask<ConsumerAnswer>(nats, nats.subjects.consumerInfo, what);
  } catch (error) {
    if (error instanceof ConsumerNotFound) return undefined;
    if (error instanceof SourceError && error.end === "gone") throw await noStream(nats);
    throw error;
  }
}

/** Throws when it does not fit this bridge. */
export function compareConsumer(config: Config, found: ConsumerAnswer, check: Check): void {
  const { consumer: wanted, management } = config;
  const isOwn = isOurs(found.config);
  const differing = [
    ...differences(found.config, wanted),
    ...(isOwn ? ownDifferences(found.config, wanted) : []),
  ];
  if (differing.length > 0) {
    const what = `consumer ${wanted.consumer} of stream ${wanted.stream} does not fit this bridge: ${differing.join("; ")}.`;
    const advice = isOwn ? ownAdvice(config, found.config) : foreignAdvice(config);
    if (management !== "none") throw new Error(`${what} ${advice}`);
    check.warn(`${what} CONSUMER_MANAGEMENT=none: the bridge runs all the same`);
  }
  // Of our own, the ack wait has been compared.
  const told = surprises(found, wanted).filter((one) => !isOwn || !one.startsWith("ack_wait"));
  for (const surprise of [...told, ...paused(found)]) check.warn(surprise);
}

function paused({ name, pause_remaining }: ConsumerAnswer): readonly string[] {
  return pause_remaining
    ? [`consumer ${name} is paused: nothing is delivered until that is over`]
    : [];
}

/** Where it stands, in a few words. */
export function standing({ num_ack_pending, num_pending }: ConsumerAnswer): string {
  return `found, ${num_pending} pending, ${num_ack_pending} unsettled`;
}

/** Makes it. Throws the server's reason in plain words. */
export async function makeConsumer({ config, session, subjects }: Nats): Promise<Passed<string>> {
  const { consumer: wanted, nats } = config;
  const observe = (): void => undefined;
  const api = new ConsumerApi({ observe, wanted, subjects, timeoutMs: nats.timeoutMs });
  await api.create(session).catch((error: unknown) => {
    throw inPlainWords(error, config);
  });
  const summary = `created, deliver ${wanted.deliverPolicy}, max_deliver unlimited`;
  return { value: summary, text: `consumer ${wanted.consumer}: ${summary}` };
}

export function missing(config: Config): Error {
  const { consumer, stream } = config.consumer;
  return new Error(
    `stream ${stream} has no consumer ${consumer}, and this deployment is not to make one (ManageConsumer is verify). ${howToCreate(config)}`,
  );
}

/** One that the deployment before has left there, and that somebody has deleted: its position is gone. */
export function madeAnew({ consumer: { consumer, deliverPolicy, stream } }: Config): string {
  return `consumer ${consumer} of stream ${stream} was there when this was deployed before, and was deleted since: it is made anew, and begins where JETSTREAM_DELIVER_POLICY=${deliverPolicy} says. What was delivered may come again, or what was not may be passed over`;
}

/** What the server's codes mean for whoever deploys (`errors.json` in nats-server). */
const MEANINGS: Readonly<Record<number, (config: Config) => string>> = {
  10_026: ({ consumer }) =>
    `stream ${consumer.stream} has as many consumers as it, or the account, may have: remove one, or raise max_consumers`,
  10_099: ({ consumer }) =>
    `stream ${consumer.stream} is a work queue, where each message belongs to one consumer, and another one takes part: set JETSTREAM_FILTER_SUBJECTS to subjects that no other takes, or remove the other (nats consumer ls ${consumer.stream})`,
  10_100: ({ consumer }) =>
    `stream ${consumer.stream} is a work queue, where each message belongs to one consumer, and another one takes some of the same subjects: set JETSTREAM_FILTER_SUBJECTS to subjects that no other takes, or remove the other (nats consumer ls ${consumer.stream})`,
  10_101: ({ consumer }) =>
    `stream ${consumer.stream} is a work queue, where a consumer gets all that is there: leave JETSTREAM_DELIVER_POLICY at all`,
  10_138: () =>
    "JETSTREAM_FILTER_SUBJECTS: given filters of which one takes what another one takes, expected filters that do not overlap",
};

function inPlainWords(error: unknown, config: Config): unknown {
  if (!(error instanceof SourceError) || error.code === undefined) return error;
  const meaning = MEANINGS[error.code]?.(config);
  return meaning === undefined
    ? error
    : new Error(`${error.message}: ${meaning}`, { cause: error });
}
