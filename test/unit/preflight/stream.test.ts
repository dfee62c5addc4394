import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  deletesOnAck,
  filtersBeyond,
  overlap,
  streamSurprises,
} from "../../../functions/bridge/preflight/stream.ts";
import type { StreamAnswer } from "../../../functions/bridge/source/api.ts";
import { FIFO, LEAST, read } from "../../support/read-config.ts";

/** A subject without wildcards fits a filter. */
function fits(filter: readonly string[], subject: readonly string[]): boolean {
  const [first, ...rest] = filter;
  const [token, ...more] = subject;
  if (first === undefined || token === undefined) return first === token;
  if (first === ">") return true;
  return (first === "*" || first === token) && fits(rest, more);
}

const TOKENS = ["a", "b", "c"];
const SUBJECTS = [1, 2, 3, 4].flatMap((length) =>
  Array.from({ length: TOKENS.length ** length }, (_, at) =>
    Array.from({ length }, (_unused, place) => TOKENS[Math.floor(at / 3 ** place) % 3]!),
  ),
);

describe("overlap", () => {
  const token = fc.constantFrom("a", "b", "*");
  const filter = fc
    .tuple(fc.array(token, { maxLength: 2 }), fc.constantFrom("a", "b", "*", ">"))
    .map(([tokens, last]) => `${tokens.map((one) => `${one}.`).join("")}${last}`.split("."));

  test("says whether some subject fits both", () => {
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const both = SUBJECTS.some((subject) => fits(one, subject) && fits(other, subject));
        expect(overlap(one.join("."), other.join("."))).toBe(both);
      }),
    );
  });
});

describe("filters", () => {
  test("that take nothing of the stream are found", () => {
    const subjects = ["orders.>", "returns.*"];
    const filters = ["orders.eu.>", "returns.a.b", "bills.>", ">"];
    expect(filtersBeyond(filters, { subjects })).toEqual(["returns.a.b", "bills.>"]);
  });

  test("are not judged where the subjects come from another stream", () => {
    const config = { subjects: [], mirror: { name: "ORDERS" } };
    expect(filtersBeyond(["bills.>"], config)).toEqual([]);
  });
});

function stream(
  config: Partial<StreamAnswer["config"]>,
  cluster?: StreamAnswer["cluster"],
): StreamAnswer {
  const whole = { retention: "limits", num_replicas: 1, subjects: ["orders.>"], ...config };
  return { config: whole, ...(cluster && { cluster }) } as StreamAnswer;
}

describe("a stream", () => {
  const config = read(LEAST).config!;

  test("that holds nothing odd is no reason for a word", () => {
    expect(streamSurprises(config, stream({}))).toEqual([]);
    // A single server tells a leader, and no name.
    expect(streamSurprises(config, stream({}, { leader: "n1" }))).toEqual([]);
  });

  test("with one replica in a cluster is a surprise, with three it is none", () => {
    const cluster = { name: "C1", leader: "n1" };
    expect(streamSurprises(config, stream({}, cluster))).toEqual([
      expect.stringContaining("stream ORDERS has one replica in a cluster"),
    ]);
    expect(streamSurprises(config, stream({ num_replicas: 3 }, cluster))).toEqual([]);
  });

  test("that is the mirror of a work queue is a surprise", () => {
    const mirror = { retention: "workqueue", mirror: { name: "PRIMARY" } } as const;
    expect(streamSurprises(config, stream(mirror))).toEqual([
      expect.stringContaining("what is settled here stays in PRIMARY"),
    ]);
  });

  test("with a short window is one where SQS recognises the publisher's ids", () => {
    const fifo = read({ ...FIFO, SQS_MESSAGE_DEDUPLICATION_ID: "nats-msg-id" }).config!;
    const short = stream({ duplicate_window: 120e9 });
    expect(streamSurprises(config, short)).toEqual([]);
    expect(streamSurprises(fifo, short)).toEqual([
      expect.stringMatching(/the duplicate window of stream ORDERS is 120000 ms: .*SQS drops it/),
    ]);
    expect(streamSurprises(fifo, stream({ duplicate_window: 300e9 }))).toEqual([]);
  });

  test("deletes what is acknowledged, unless it keeps by limits", () => {
    expect(deletesOnAck(stream({ retention: "workqueue" }))).toBe(true);
    expect(deletesOnAck(stream({ retention: "interest" }))).toBe(true);
    expect(deletesOnAck(stream({}))).toBe(false);
    expect(deletesOnAck(undefined)).toBe(false);
  });
});
