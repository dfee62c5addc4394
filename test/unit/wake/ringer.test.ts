import { type SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Config } from "../../../functions/bridge/config.ts";
import type { ReplayStart } from "../../../functions/bridge/core/wake.ts";
import type { Replay } from "../../../functions/bridge/replay.ts";
import { readEvent } from "../../../functions/bridge/wake/event.ts";
import { ringer } from "../../../functions/bridge/wake/ringer.ts";
import { SERVED } from "../../support/doorbell.ts";
import { type Environment, LEAST, read } from "../../support/read-config.ts";

const URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/doorbell";

interface Entry {
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageAttributes: Readonly<Record<string, { readonly StringValue: string }>>;
}

let sent: { readonly QueueUrl: string; readonly Entries: readonly Entry[] }[] = [];
let answer: object = {};

beforeEach(() => {
  sent = [];
  answer = { Successful: [{}] };
  // It returns a promise, whatever its type says here.
  const send = (command: unknown): never => {
    sent.push((command as SendMessageBatchCommand).input as never);
    return Promise.resolve(answer) as never;
  };
  vi.spyOn(SQSClient.prototype, "send").mockImplementation(send);
});

afterEach(() => vi.restoreAllMocks());

function configWith(more: Environment): Config {
  const { config, faults } = read({ ...LEAST, ...more });
  expect(faults).toEqual([]);
  return config as Config;
}

async function ring(hops: number, url: string = URL, replay?: Replay): Promise<Entry | undefined> {
  await ringer(configWith({ DOORBELL_QUEUE_URL: url }))?.(hops, replay);
  return sent.at(-1)?.Entries[0];
}

/** As the bridge reads it when it comes from the queue. */
function readBack({ MessageAttributes, MessageBody }: Entry): unknown {
  const messageAttributes = Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { StringValue }]) => [
      name,
      { stringValue: StringValue },
    ]),
  );
  const record = { messageId: "m-2", eventSource: "aws:sqs", body: MessageBody, messageAttributes };
  const event = readEvent({ Records: [record] }, SERVED, Date.now());
  return event.kind === "doorbell" ? event.records : event;
}

test("without a doorbell there is nothing to ring", () => {
  expect(ringer(configWith({}))).toBeUndefined();
});

test("a ring is one that the bridge reads itself, with its hops", async () => {
  const entry = await ring(3);
  expect(sent).toMatchObject([{ QueueUrl: URL, Entries: [{}] }]);
  expect(entry).not.toHaveProperty("MessageGroupId");
  expect(readBack(entry!)).toMatchObject([{ hops: 3, replayId: "m-2", command: { kind: "ring" } }]);
});

test.each<[string, ReplayStart]>([
  ["a sequence", { startSequence: 7 }],
  ["a time", { startTime: "2026-11-21T13:00:00Z" }],
])("a replay from %s that goes on is the same command, and says whose it is", async (_, start) => {
  // What it is made of has the kind of its command, too.
  const replay: Replay & { readonly kind: string } = { kind: "replay", id: "m-1", ...start };
  const entry = (await ring(3, `${URL}.fifo`, replay))!;
  expect(JSON.parse(entry.MessageBody)).toEqual({ version: 1, kind: "replay", ...start });
  expect(readBack(entry)).toMatchObject([
    { id: "m-2", hops: 3, replayId: "m-1", command: { kind: "replay", ...start } },
  ]);
  // Rings do not wait behind it.
  expect(entry.MessageGroupId).toBe("command");
});

test("on a FIFO queue no ring is taken for the one before", async () => {
  const [one, other] = [await ring(1, `${URL}.fifo`), await ring(1, `${URL}.fifo`)];
  expect([one?.MessageGroupId, other?.MessageGroupId]).toEqual(["ring", "ring"]);
  expect(one?.MessageDeduplicationId).toMatch(/./);
  expect(one?.MessageDeduplicationId).not.toBe(other?.MessageDeduplicationId);
});

test("a ring that the queue did not take is an error", async () => {
  answer = { Failed: [{ Id: "0", Code: "InternalError", Message: "try again" }] };
  await expect(ring(1)).rejects.toThrow("InternalError: try again");
  answer = { Failed: [{ Id: "0", Code: "InternalError" }] };
  await expect(ring(1)).rejects.toThrow("InternalError: no message");
});
