/** What a handler has thrown, and what that means for its messages. */
import { type Handled, isVerdict, reject, short, type Verdict, withLog } from "./verdict.ts";

/**
 * Thrown within a handler, the message with this id is rejected with its text, and no other. `told`: what may be logged in
 * place of it.
 */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly id: string;
  readonly told: string | undefined;

  constructor(id: string, message: string, told?: string) {
    super(message);
    this.id = id;
    this.told = told;
  }
}

/** What it means for the message with this id. Anything can be thrown, even what can neither be asked nor written down. */
export function thrown(error: unknown, id: string): Verdict {
  try {
    const rejection = rejectionIn(error);
    if (rejection?.id === id) {
      return withLog(reject(rejection.message), { told: rejection.told });
    }
    if (!(error instanceof Error) && isVerdict(error)) {
      return { kind: "failed", reason: THROWN_VERDICT };
    }
    const reason = short(`${String(error)}${becauseOf(error)}`);
    return withLog({ kind: "failed", reason }, { stack: stackOf(error) });
  } catch {
    return { kind: "failed", reason: "the handler threw something without a text" };
  }
}

/** Of a batch nobody would know for which message it was meant. */
const THROWN_VERDICT =
  "the handler threw what retry(…) or reject(…) gives, expected it returned: return reject(…)";

/**
 * What it means for each message of a batch. A rejection is about its own message alone: the others were interrupted, and
 * nothing is known of them.
 */
export function thrownForAll(error: unknown, ids: readonly string[]): readonly Handled[] {
  const about = rejectedId(error);
  return ids.map((id) => {
    const isInterrupted = about !== undefined && about !== id && ids.includes(about);
    if (!isInterrupted) return thrown(error, id);
    return {
      kind: "unclear",
      reason: `interrupted: the handler ended with the rejection of ${about}`,
    };
  });
}

function rejectedId(error: unknown): string | undefined {
  try {
    return rejectionIn(error)?.id;
  } catch {
    return undefined;
  }
}

/** An error round a rejection makes the payload no better. */
const MOST_CAUSES = 10;

function rejectionIn(error: unknown): Rejection | undefined {
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES; depth += 1) {
    if (cause instanceof Rejection) return cause;
    if (!(cause instanceof Error)) return undefined;
    ({ cause } = cause);
  }
  return undefined;
}

/** What a call over the network failed for stands in the cause alone: the error itself says `fetch failed`. */
function becauseOf(error: unknown): string {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return "";
  const { code, message, name } = error.cause as Error & { readonly code?: string };
  const said = message === "" ? (code ?? "") : message;
  return said === "" ? "" : ` (${name}: ${said})`;
}

/** So many lines of a stack are logged, of the error and of its cause each; so many characters of a line. */
const FRAMES = 10;
const FRAME_CHARACTERS = 300;

/** The places alone: what was said is the reason, and may be long. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { cause } = error;
  const causes = cause instanceof Error ? framesOf(cause) : [];
  const lines = [...framesOf(error), ...(causes.length > 0 ? ["caused by", ...causes] : [])];
  return lines.length > 0 ? lines.join("\n") : undefined;
}

function framesOf({ stack }: Error): readonly string[] {
  const lines = String(stack).split("\n");
  return lines
    .map((line) => line.trim().slice(0, FRAME_CHARACTERS).toWellFormed())
    .filter((line) => line.startsWith("at "))
    .slice(0, FRAMES);
}
