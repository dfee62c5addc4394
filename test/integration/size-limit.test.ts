// The size limit of the queue, to the byte: what fits arrives, what does not is buried, or stops the bridge.
import { expect, test } from "vitest";
import { expectGoodEnd } from "../support/arrivals.ts";
import { type Case, publishCases, readCases, wantedOf } from "../support/cases.ts";
import type { Route } from "../support/parts.ts";
import type { SqsMessage } from "../support/sqs.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const LIMIT = 65_536;

const { parts } = await partsOfFile();

/** As SQS counts: the body, and of every attribute its name, its type and its value. */
function sizeOf({ Body, MessageAttributes = {} }: SqsMessage): number {
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { StringValue = "" }]) =>
      sum + Buffer.byteLength(name) + "String".length + Buffer.byteLength(StringValue),
    Buffer.byteLength(Body),
  );
}

/** What the attributes of such a message take, `nats-encoding` included when it is binary. */
function overhead(stream: string, isBinary: boolean): number {
  const id = `${stream}/1/1700000000000000000`;
  const own = ["nats-id", "String", id, "nats-subject", "String", `${stream}.0`];
  const more = isBinary ? ["nats-encoding", "String", "base64"] : [];
  return [...own, ...more].join("").length;
}

/** Payloads around the limit; each of the second kind is too large by as little as can be. */
function aroundTheLimit(stream: string): { fitting: readonly Case[]; tooLarge: readonly Case[] } {
  const text = LIMIT - overhead(stream, false);
  const binary = Math.floor((LIMIT - overhead(stream, true)) / 4) * 3;
  const zeros = (length: number): Uint8Array => new Uint8Array(length);
  return {
    fitting: [
      { name: "one byte below", data: "x".repeat(text - 1) },
      { name: "at the limit", data: "x".repeat(text) },
      {
        name: "at the limit, in characters of two bytes",
        data: "ä".repeat(text / 2).padEnd(text - Math.floor(text / 2), "x"),
      },
      { name: "the longest binary", data: zeros(binary) },
    ],
    tooLarge: [
      { name: "one byte above", data: "x".repeat(text + 1) },
      { name: "above, in characters of two bytes", data: "ä".repeat(Math.floor(text / 2) + 1) },
      { name: "one byte more of binary", data: zeros(binary + 1) },
    ],
  };
}

/** All of them published; the fitting ones have arrived, as large as they were meant to be. */
async function publishAndExpect(
  route: Route,
): Promise<{ cases: readonly Case[]; tooLarge: readonly Case[] }> {
  const { fitting, tooLarge } = aroundTheLimit(route.stream);
  const cases = [...fitting, ...tooLarge];
  await publishCases(parts, route, cases);
  const arrived = await parts.sqs.receiveAll(route.queueUrl, { expected: fitting.length });
  const messages = arrived.map(({ raw }) => raw);
  expect(readCases(cases, messages)).toEqual(wantedOf(fitting));
  const sizes = messages.map(sizeOf).toSorted((a, b) => b - a);
  expect(sizes.slice(0, 2)).toEqual([LIMIT, LIMIT]);
  expect(sizes).toContain(LIMIT - 1);
  expect(sizes.at(-1)).toBeGreaterThan(LIMIT - 4);
  return { cases, tooLarge };
}

const options = { queueAttributes: { MaximumMessageSize: String(LIMIT) } };

test("one byte more than the queue takes goes to the dead letters", async () => {
  const route = await parts.route("buried", { ...options, deadLetters: true });
  await using bridge = route.start();
  const { cases, tooLarge } = await publishAndExpect(route);
  await route.drained();
  await expectGoodEnd(bridge);
  const letters = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: tooLarge.length });
  expect(
    readCases(
      cases,
      letters.map(({ raw }) => raw),
    ),
  ).toEqual(wantedOf(tooLarge));
  for (const { attributes } of letters) {
    expect(attributes["dead-letter-reason"]).toMatch(
      /^\d+ bytes with attributes, and the queue takes 65536$/,
    );
    expect(attributes["dead-letter-evidence"]).toMatch(/^rejected: /);
    // It was never sent.
    expect(attributes["dead-letter-tries"]).toBe("0");
  }
});

test("without dead letters it stops the bridge as blocked, and stays in the stream", async () => {
  const route = await parts.route("blocked", options);
  await using bridge = route.start();
  const { tooLarge } = await publishAndExpect(route);
  const receipt = await bridge.waitFor(
    (line) => line.event === "receipt" && line["stop"] === "blocked",
  );
  expect(receipt["reason"]).toMatch(
    /is rejected .* set DEAD_LETTER_QUEUE_URL or DEAD_LETTER_BUCKET$/,
  );
  const answer = await fetch(`${await bridge.health()}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain("blocked");
  await expectGoodEnd(bridge);
  const { ack_floor, num_ack_pending, num_pending } = (await route.consumer())!;
  expect(ack_floor.stream_seq).toBe(4);
  expect(num_ack_pending + num_pending).toBe(tooLarge.length);
  expect(await parts.sqs.count(route.queueUrl)).toBe(0);
});
