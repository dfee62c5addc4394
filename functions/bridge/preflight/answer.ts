/** What CloudFormation is answered, and how it gets there. Without an answer it waits for an hour. */
import type { Clock, Ms } from "../core/ports.ts";
import type { CloudFormationRequest } from "./request.ts";

export interface Answer {
  readonly Status: "SUCCESS" | "FAILED";
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  /** What the template can read of the resource. */
  readonly Data?: Readonly<Record<string, string>>;
}

/** A longer response is an error of the resource, and its text is lost. "Custom resource response objects". */
const MOST_BYTES = 4096;

const ELLIPSIS = "…";

/** The response as it is sent: at most 4096 bytes, for which the reason is cut. */
export function responseText(
  { LogicalResourceId, RequestId, StackId }: CloudFormationRequest,
  answer: Answer,
): string {
  const textWith = (Reason: string): string =>
    JSON.stringify({ ...answer, Reason, StackId, RequestId, LogicalResourceId });
  const whole = textWith(answer.Reason);
  if (Buffer.byteLength(whole) <= MOST_BYTES) return whole;
  return textWith(cut(answer.Reason, MOST_BYTES - Buffer.byteLength(textWith(ELLIPSIS))));
}

/** As many characters from the start as take no more than so many bytes in JSON. */
function cut(text: string, bytes: number): string {
  let left = bytes;
  let kept = "";
  for (const character of text) {
    left -= Buffer.byteLength(JSON.stringify(character)) - 2;
    if (left < 0) break;
    kept += character;
  }
  return kept + ELLIPSIS;
}

/** Puts the response where CloudFormation looks for it; the status of the answer. */
type Put = (url: string, text: string, timeoutMs: Ms) => Promise<number>;

/** Node's own client. */
export async function putByFetch(url: string, text: string, timeoutMs: Ms): Promise<number> {
  const response = await fetch(url, {
    method: "PUT",
    // The URL is signed for no content type, and a text as body would bring one.
    headers: { "content-type": "" },
    body: Buffer.from(text),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return response.status;
}

export interface Delivering {
  readonly put: Put;
  readonly clock: Clock;
  /** By the clock: no attempt begins after it. */
  readonly until: Ms;
}

const ATTEMPT_MS = 3000;
const PAUSE_MS = 300;

/** Tries until the answer is taken. Rejects when time is over before that; the URL stands in no error. */
export async function deliverAnswer(
  url: string,
  text: string,
  { clock, put, until }: Delivering,
): Promise<void> {
  let problem = "there was no time left";
  while (clock.now() < until) {
    try {
      const leftMs = Math.ceil(until - clock.now());
      const status = await put(url, text, Math.min(ATTEMPT_MS, leftMs));
      if (status < 300) return;
      problem = `HTTP ${status}`;
    } catch (error) {
      problem = error instanceof Error ? error.name : "an unknown error";
    }
    await clock.sleep(PAUSE_MS);
  }
  throw new Error(`CloudFormation's response URL did not take the answer: ${problem}`);
}
