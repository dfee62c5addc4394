/** Runs a user's handler on messages: one verdict for each, whatever the handler does. */
import type {
  BatchHandler,
  HandlerDefinition,
  HandlerLog,
  HandlerOptions,
  MessageHandler,
} from "./definition.ts";
import type { JetStreamMessage } from "./incoming.ts";
import { Publishing, type PublishTo } from "./publishing.ts";
import { validated } from "./schema.ts";
import { ACCEPTED, thrown, type Verdict, verdictOf } from "./verdict.ts";

/** What a handler is given beside its messages. */
export interface Services {
  readonly signal: AbortSignal;
  readonly log: (messages: readonly JetStreamMessage[]) => HandlerLog;
  readonly publishTo: PublishTo;
}

/** One verdict for each of `messages`, in their order. Never rejects. */
export function handle(
  definition: HandlerDefinition,
  messages: readonly JetStreamMessage[],
  services: Services,
): Promise<readonly Verdict[]> {
  if (definition.kind === "batch") return handleBatch(definition, messages, services);
  return Promise.all(messages.map((message) => handleOne(definition, message, services)));
}

async function handleOne(
  { handle: run, options }: { readonly handle: MessageHandler; readonly options: HandlerOptions },
  message: JetStreamMessage,
  { signal, log, publishTo }: Services,
): Promise<Verdict> {
  const publishing = new Publishing(publishTo);
  try {
    const valid = options.schema ? await validated(message, options.schema) : message;
    const returned: unknown = await run(valid, {
      signal,
      log: log([message]),
      publish: (subject, data) => publishing.publish(message, subject, data),
    });
    return await onceStored(publishing, verdictOf(returned));
  } catch (error) {
    return thrown(error);
  }
}

async function handleBatch(
  { handle: run, options }: { readonly handle: BatchHandler; readonly options: HandlerOptions },
  messages: readonly JetStreamMessage[],
  { signal, log, publishTo }: Services,
): Promise<readonly Verdict[]> {
  const publishing = new Publishing(publishTo);
  const checked = await Promise.all(messages.map((message) => checkedOf(message, options)));
  const valid = checked.filter((one): one is JetStreamMessage => !("kind" in one));
  const verdicts = await (async (): Promise<readonly Verdict[]> => {
    try {
      const context = { signal, log: log(valid), publish: publishing.publish.bind(publishing) };
      const returned: unknown = valid.length > 0 ? await run(valid, context) : undefined;
      return await Promise.all(
        batchVerdicts(returned, valid.length).map((one) => onceStored(publishing, one)),
      );
    } catch (error) {
      return valid.map(() => thrown(error));
    }
  })();
  const ofValid = verdicts[Symbol.iterator]();
  return checked.map((one) => ("kind" in one ? one : (ofValid.next().value as Verdict)));
}

/** The message as the handler gets it, or why it does not. */
async function checkedOf(
  message: JetStreamMessage,
  { schema }: HandlerOptions,
): Promise<JetStreamMessage | Verdict> {
  if (!schema) return message;
  return validated(message, schema).catch(thrown);
}

/** Missing means failed: with one verdict too few or too many nobody knows which is whose. */
function batchVerdicts(returned: unknown, count: number): readonly Verdict[] {
  if (returned === undefined) return Array.from({ length: count }, () => ACCEPTED);
  if (Array.isArray(returned) && returned.length === count) {
    return Array.from(returned, (one: unknown) => verdictOf(one));
  }
  const given = Array.isArray(returned) ? `${returned.length} verdicts` : typeof returned;
  const reason = `the handler returned ${given}, expected nothing (ack), or ${count} verdicts, one for each message`;
  return Array.from({ length: count }, (): Verdict => ({ kind: "failed", reason }));
}

/** What was published for an input is stored before the input is acknowledged. */
async function onceStored(publishing: Publishing, verdict: Verdict): Promise<Verdict> {
  if (verdict.kind !== "accepted") return verdict;
  const problem = await publishing.confirmed();
  return problem === undefined ? verdict : { kind: "failed", reason: problem };
}
