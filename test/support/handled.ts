/** What a user's handler can be given, can return and can throw. */
import fc, { type Arbitrary } from "fast-check";
import type { HandlerLog } from "../../functions/bridge/sinks/handler/definition.ts";
import type { Services } from "../../functions/bridge/sinks/handler/handle.ts";
import { incoming, type JetStreamMessage } from "../../functions/bridge/sinks/handler/incoming.ts";
import { reject, retry, type Verdict } from "../../functions/bridge/sinks/handler/verdict.ts";
import { message, utf8 } from "./messages.ts";

/** A message with this text as its payload; by default JSON. */
export function delivered(
  text: string = '{"id":"o-7"}',
  streamSequence: number = 1,
): JetStreamMessage {
  return incoming(message({ data: utf8(text), streamSequence, timestampNanos: 5n }), "ORDERS");
}

const SILENT: HandlerLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** All that is published is stored, and nothing is logged. */
export function services(given: Partial<Services> = {}): Services {
  let sequence = 0;
  return {
    signal: new AbortController().signal,
    log: () => SILENT,
    consumer: "c",
    publishTo: async () => ({ stream: "S", sequence: (sequence += 1), duplicate: false }),
    ...given,
  };
}

const anyVerdict: Arbitrary<Verdict> = fc.oneof(
  fc.constant<Verdict>({ kind: "accepted" }),
  fc.string().map(reject),
  fc.string().map((reason): Verdict => ({ kind: "failed", reason })),
  fc.constantFrom("0", "30s", "7d").map((after) => retry({ after })),
);

/** Objects that cannot be asked. */
const HOSTILE = [
  Object.create(null),
  { kind: "retry", after: "soon" },
  { kind: "rejected", reason: 7 },
  { toString: () => ({}) },
  {
    toString() {
      throw new Error("no text");
    },
  },
  {
    toJSON() {
      throw new Error("no JSON");
    },
  },
  circular(),
  Symbol("ack"),
  () => undefined,
  1n,
];

/** With a `kind`, it is nearly a verdict. */
const nearly = fc.record(
  {
    kind: fc.oneof(
      fc.constantFrom("accepted", "retry", "rejected", "failed", "done"),
      fc.anything(),
    ),
    after: fc.oneof(fc.constantFrom("30s", "8d", "soon"), fc.anything()),
    reason: fc.anything(),
  },
  { requiredKeys: ["kind"] },
);

export function anyReturned(): Arbitrary<unknown> {
  const anything = fc.anything({
    withBigInt: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  return fc.oneof(fc.constant(undefined), anyVerdict, nearly, anything);
}

export function anyThrown(): Arbitrary<unknown> {
  return fc.oneof(
    fc.string().map((text) => new Error(text)),
    fc.anything(),
    anyHostile(),
  );
}

function anyHostile(): Arbitrary<unknown> {
  return fc.constantFrom<unknown>(...HOSTILE);
}

function circular(): unknown {
  const self: Record<string, unknown> = {};
  return Object.assign(self, { self });
}
