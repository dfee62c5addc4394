/** A role that was made a moment ago: IAM takes a while until every service knows what it may do. */
import { systemClock } from "../clock.ts";
import type { Ms } from "../core/ports.ts";
import { SecretError } from "../secrets/secret-error.ts";
import { codeOf } from "../sinks/failed-call.ts";
import type { Check } from "./checklist.ts";

const PAUSE_MS: Ms = 1000;

export interface Asking {
  readonly check: Pick<Check, "waitsFor">;
  /** By the clock: so long what is refused is asked again. */
  readonly patientUntil: Ms;
}

/** The answer, or the error that stays. */
export async function askPatiently<T>(
  question: (signal: AbortSignal) => Promise<T>,
  { check, patientUntil }: Asking,
): Promise<T> {
  for (;;) {
    try {
      return await question(new AbortController().signal);
    } catch (error) {
      if (!isAccessDenied(error) || systemClock.now() + PAUSE_MS > patientUntil) throw error;
      check.waitsFor((error as Error).message);
      await systemClock.sleep(PAUSE_MS);
    }
  }
}

/** As each service writes it; also as the reason for which a secret cannot be read. */
export function isAccessDenied(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  const code = cause instanceof SecretError ? (cause.code ?? "") : codeOf(error);
  return /^(?:.*#)?(AccessDenied|NotAuthorized)/.test(code);
}
