/** The durable consumer: looked at, compared, made where that is asked for; never changed. */
import type { Config } from "../config.ts";
import { apiSubjects, type ConsumerAnswer, ConsumerNotFound, readAnswer } from "../source/api.ts";
import { ConsumerApi } from "../source/consumer-api.ts";
import { isOurs } from "../source/consumer-update.ts";
import { differences, ownDifferences, surprises } from "../source/consumer.ts";
import type { Session } from "../source/session.ts";
import type { Check, Passed } from "./checklist.ts";
import { foreignAdvice, howToCreate, ownAdvice } from "./commands.ts";

/** Undefined: there is none. */
export async function readConsumer(
  session: Session,
  config: Config,
): Promise<ConsumerAnswer | undefined> {
  const { consumer, stream } = config.consumer;
  const { consumerInfo } = apiSubjects(config.nats.apiPrefix, stream, consumer);
  const wire = await session.request(consumerInfo, "", config.nats.timeoutMs);
  try {
    return readAnswer<ConsumerAnswer>(wire, `consumer ${consumer} of stream ${stream}`);
  } catch (error) {
    if (error instanceof ConsumerNotFound) return undefined;
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
  for (const surprise of surprises(found, wanted)) {
    if (!isOwn || !surprise.startsWith("ack_wait")) check.warn(surprise);
  }
}

/** Where it stands, in a few words. */
export function standing({ num_ack_pending, num_pending }: ConsumerAnswer): string {
  return `found, ${num_pending} pending, ${num_ack_pending} unsettled`;
}

/** Makes it. Throws the server's reason in plain words. */
export async function makeConsumer(session: Session, config: Config): Promise<Passed<string>> {
  const { consumer: wanted, nats } = config;
  const api = new ConsumerApi({
    observe: () => undefined,
    wanted,
    subjects: apiSubjects(nats.apiPrefix, wanted.stream, wanted.consumer),
    timeoutMs: nats.timeoutMs,
  });
  await api.create(session);
  const summary = `created, deliver ${wanted.deliverPolicy}, max_deliver unlimited`;
  return { value: summary, text: `consumer ${wanted.consumer}: ${summary}` };
}

export function missing(config: Config): Error {
  const { consumer, stream } = config.consumer;
  return new Error(
    `stream ${stream} has no consumer ${consumer}, and this deployment is not to make one (ManageConsumer is verify). ${howToCreate(config)}`,
  );
}
