import { type SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Config } from "../../../functions/bridge/config.ts";
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

async function ring(hops: number, url: string = URL): Promise<Entry | undefined> {
  await ringer(configWith({ DOORBELL_QUEUE_URL: url }))?.(hops);
  return sent.at(-1)?.Entries[0];
}

test("without a doorbell there is nothing to ring", () => {
  expect(ringer(configWith({}))).toBeUndefined();
});

test("a ring is one that the bridge reads itself, with its hops", async () => {
  const entry = await ring(3);
  expect(sent).toMatchObject([{ QueueUrl: URL, Entries: [{}] }]);
  expect(entry).not.toHaveProperty("MessageGroupId");
  const messageAttributes = Object.fromEntries(
    Object.entries(entry!.MessageAttributes).map(([name, { StringValue }]) => [
      name,
      { stringValue: StringValue },
    ]),
  );
  const record = {
    messageId: "m-1",
    eventSource: "aws:sqs",
    body: entry!.MessageBody,
    messageAttributes,
  };
  expect(readEvent({ Records: [record] }, SERVED, Date.now())).toMatchObject({
    records: [{ hops: 3, command: { kind: "ring" } }],
  });
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
