/** Runs a user's handler on messages: one verdict for each, whatever the handler does. */
import { kindOf } from "./checks.ts";
import type {
  BatchContext,
  BatchHandler,
  HandlerDefinition,
  HandlerLog,
  HandlerOptions,
  MessageHandler,
} from "./definition.ts";
import type { JetStreamMessage } from "./incoming.ts";
import { Publishing, type PublishTo } from "./publishing.ts";
import { validated } from "./schema.ts";
import { thrown, thrownForAll } from "./thrown.ts";
import { ACCEPTED, type Handled, isVerdict, type Verdict, verdictOf } from "./verdict.ts";

/** What a handler is given beside its messages. */
export interface Services {
  readonly signal: AbortSignal;
  readonly log: (messages: readonly JetStreamMessage[]) => HandlerLog;
  readonly publishTo: PublishTo;
  /** The durable's name, in a replay too: what is published has it in its id. */
  readonly consumer: string;
}

/** One verdict for each of `messages`, in their order. Never rejects. */
export function handle(
  definition: HandlerDefinition,
  messages: readonly JetStreamMessage[],
  services: Services,
): Promise<readonly Handled[]> {
  if (definition.kind === "batch") return handleBatch(definition, messages, services);
  return Promise.all(messages.map((message) => handleOne(definition, message, services)));
}

async function handleOne(
  { handle: run, options }: { readonly handle: MessageHandler; readonly options: HandlerOptions },
  message: JetStreamMessage,
  services: Services,
): Promise<Handled> {
  const publishing = publishingOf(services, [message]);
  const { signal, log } = services;
  const verdict = async (): Promise<Verdict> => {
    const valid = options.schema ? await validated(message, options.schema) : message;
    const returned: unknown = await run(valid, {
      signal,
      log: log([message]),
      publish: (...call) => publishing.publish(message, ...call),
    });
    return verdictOf(returned);
  };
  const said = await verdict().catch((error: unknown) => thrown(error, message.id));
  publishing.end();
  return onceStored(publishing, message, said);
}

async function handleBatch(
  { handle: run, options }: { readonly handle: BatchHandler; readonly options: HandlerOptions },
  messages: readonly JetStreamMessage[],
  services: Services,
): Promise<readonly Handled[]> {
  const publishing = publishingOf(services, messages);
  const { signal, log } = services;
  const checked = await Promise.all(messages.map((message) => checkedOf(message, options)));
  const valid = checked.filter((one): one is JetStreamMessage => !("kind" in one));
  const verdicts = async (): Promise<readonly Handled[]> => {
    const publish: BatchContext["publish"] = (...call) => publishing.publish(...call);
    const returned: unknown =
      valid.length > 0 ? await run(valid, { signal, log: log(valid), publish }) : undefined;
    return batchVerdicts(returned, valid.length);
  };
  const found = await verdicts().catch((error: unknown) => {
    return thrownForAll(
      error,
      valid.map(({ id }) => id),
    );
  });
  publishing.end();
  const ofValid = found[Symbol.iterator]();
  const handled = checked.map(async (one): Promise<Handled> => {
    if ("kind" in one) return one;
    return onceStored(publishing, one, ofValid.next().value as Handled);
  });
  return Promise.all(handled);
}

function publishingOf(
  { log, ...services }: Services,
  messages: readonly JetStreamMessage[],
): Publishing {
  const inputs = messages.map(({ id }) => id);
  return new Publishing({
    ...services,
    inputs,
    tell: (about, problem) => log([about]).error(problem),
  });
}

/** The message as the handler gets it, or why it does not. */
async function checkedOf(
  message: JetStreamMessage,
  { schema }: HandlerOptions,
): Promise<JetStreamMessage | Verdict> {
  if (!schema) return message;
  return validated(message, schema).catch((error: unknown) => thrown(error, message.id));
}

/** Missing means failed: with one verdict too few or too many nobody knows which is whose. */
function batchVerdicts(returned: unknown, count: number): readonly Verdict[] {
  if (returned === undefined) return Array.from({ length: count }, () => ACCEPTED);
  if (Array.isArray(returned) && returned.length === count) {
    return Array.from(returned, (one: unknown) => verdictOf(one));
  }
  const given = isVerdict(returned) ? "one verdict" : kindOf(returned);
  const many = Array.isArray(returned) ? `${returned.length} verdicts` : given;
  const reason = `the handler returned ${many}, expected nothing (undefined: an ack for all), or an array of ${count} verdicts, one for each message`;
  return Array.from({ length: count }, (): Verdict => ({ kind: "failed", reason }));
}

/**
 * What was published for an input is stored before the input is settled, and otherwise it is not acknowledged, whatever
 * the handler made of that: where NATS did not say so, nothing is known of the input; where it could not take it, the input
 * has failed, unless it goes to the dead letters anyway.
 */
async function onceStored(
  publishing: Publishing,
  { id }: JetStreamMessage,
  verdict: Handled,
): Promise<Handled> {
  const problem = await publishing.problem(id);
  if (!problem || verdict.kind === "retry") return verdict;
  const { reason } = problem;
  if (!problem.isOwn) return { kind: "unclear", reason };
  return verdict.kind === "accepted" ? { kind: "failed", reason } : verdict;
}
