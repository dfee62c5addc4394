/** Calls that fail as a whole, and entries that are refused for reasons of access: the same for every AWS service. */
import type { Delivery, Outcome } from "../core/outcome.ts";

/** What a service's error codes mean. What is listed nowhere means: try again. */
export interface Codes {
  /** Of an entry: it will never be taken. Of a call: something in it will never be taken. */
  readonly isPermanent: (code: string) => boolean;
  /** Access or configuration: no message is to blame, and it goes on until somebody changes something. */
  readonly isConfiguration: (code: string) => boolean;
  /** The service took nothing, and says so: no duplicate can come of trying again. */
  readonly isNotTaken: (code: string) => boolean;
}

/** How a batch is sent, and to whom. */
export interface Sending<P> {
  readonly send: (batch: readonly P[]) => Promise<Delivery>;
  readonly target: string;
  readonly codes: Codes;
  /** Too late for another call. */
  readonly isOver: () => boolean;
}

/** Sends `batch`. When the service refuses it whole for what one entry has, halves it until the culprit is alone. */
export async function deliverOrHalve<P>(
  batch: readonly P[],
  sending: Sending<P>,
): Promise<Delivery> {
  const { codes, send, target } = sending;
  try {
    return await send(batch);
  } catch (error) {
    if (!codes.isPermanent(codeOf(error))) return unavailable(error, target, codes);
    if (batch.length === 1) {
      return { kind: "answered", outcomes: [{ kind: "rejected", reason: reasonOf(error) }] };
    }
    return halves(batch, sending.isOver, (half) => deliverOrHalve(half, sending));
  }
}

/** Two calls in place of one; what there is no time for is not sent. */
export async function halves<P>(
  batch: readonly P[],
  isOver: () => boolean,
  deliver: (half: readonly P[]) => Promise<Delivery>,
): Promise<Delivery> {
  const middle = Math.ceil(batch.length / 2);
  const inTime = (half: readonly P[]): Promise<Delivery> =>
    isOver() ? Promise.resolve(NOT_SENT) : deliver(half);
  const first = await inTime(batch.slice(0, middle));
  const second = await inTime(batch.slice(middle));
  return joined(first, middle, second, batch.length - middle);
}

const NOT_SENT: Delivery = {
  kind: "unavailable",
  reason: "not sent: out of time",
  stop: false,
  maybeTaken: false,
};

function joined(
  first: Delivery,
  firstLength: number,
  second: Delivery,
  secondLength: number,
): Delivery {
  const stop = stopReason(first) ?? stopReason(second);
  const outcomes = [...outcomesOf(first, firstLength), ...outcomesOf(second, secondLength)];
  return { kind: "answered", outcomes, ...(stop !== undefined && { stop }) };
}

function outcomesOf(delivery: Delivery, length: number): readonly Outcome[] {
  const call = {};
  if (delivery.kind === "answered") {
    return delivery.outcomes.map((outcome) => (outcome.call ? outcome : { ...outcome, call }));
  }
  const { reason } = delivery;
  return Array.from({ length }, (): Outcome => ({ kind: "unknown", reason, call }));
}

/** Why the bridge has to stop, if it has to. */
export function stopReason(delivery: Delivery): string | undefined {
  if (delivery.kind === "answered") return delivery.stop;
  return delivery.stop ? delivery.reason : undefined;
}

/** What an entry's own code says of it. */
export function outcomeOfCode(code: string, message: string | undefined, codes: Codes): Outcome {
  const reason = message ? `${code}: ${message}` : code;
  if (codes.isPermanent(code)) return { kind: "rejected", reason };
  // Says nothing about the message.
  if (codes.isConfiguration(code)) return { kind: "unknown", reason };
  return { kind: "failed", reason };
}

/** Answered; where an entry was refused for access or configuration, with the word that the bridge has to stop. */
export function answered(outcomes: readonly Outcome[], codes: Codes): Delivery {
  const refused = outcomes.find(
    (outcome) =>
      outcome.kind === "unknown" && codes.isConfiguration(outcome.reason.split(":", 1)[0] ?? ""),
  );
  return refused?.kind === "unknown"
    ? { kind: "answered", outcomes, stop: refused.reason }
    : { kind: "answered", outcomes };
}

export function unavailable(error: unknown, target: string, codes: Codes): Delivery {
  const code = codeOf(error);
  const stop = codes.isConfiguration(code);
  const maybeTaken = !stop && !codes.isNotTaken(code);
  return { kind: "unavailable", reason: `${target}: ${reasonOf(error)}`, stop, maybeTaken };
}

export function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const code = (error as { code?: unknown }).code;
  const detail = [status && `HTTP ${status}`, typeof code === "string" && code].filter(Boolean);
  return `${error.name}: ${error.message}${detail.length > 0 ? ` (${detail.join(", ")})` : ""}`;
}
