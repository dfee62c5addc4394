// A handler deployed into an emulator of AWS that was not written for this project: a doorbell with an event source
// mapping wakes it. What the constructs deploy, and schedules, are in test/e2e/deploy.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sorted } from "../support/arrivals.ts";
import { type EventQueue, eventQueue } from "../support/event-source.ts";
import { findMinistack } from "../support/fetch-ministack.ts";
import { run } from "../support/fetch-nats-server.ts";
import { eventually, firstVersion, lane, type Lane, sequences } from "../support/lane.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { type Emulator, startMinistack } from "../support/ministack.ts";
import { type Parts, startParts } from "../support/parts.ts";

const isThere = await findMinistack().then(
  () => true,
  () => false,
);

/** Lambda asks that messages stay invisible for at least as long as the function may run. */
const TIMEOUT_SECONDS = 6;

let parts: Parts;
let emulator: Emulator;
let orders: Lane;
let doorbell: EventQueue;

beforeAll(async () => {
  if (!isThere) return;
  [parts, emulator] = await Promise.all([startParts(), startMinistack()]);
  const client = { engine: "plain", reason: "the emulator runs the function" } as const;
  orders = await lane(parts, client, "ORDERS");
  doorbell = await eventQueue(emulator.sqs, "doorbell.fifo", {
    visibilitySeconds: TIMEOUT_SECONDS,
    maxReceiveCount: 2,
  });
  await deploy();
});
afterAll(async () => {
  await Promise.all([parts?.[Symbol.asyncDispose](), emulator?.[Symbol.asyncDispose]()]);
});

/** The function, with the doorbell in front of it. */
async function deploy(): Promise<void> {
  const client = new LambdaClient({
    endpoint: emulator.sqs.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const FunctionName = "ship-order";
  await client.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/function",
      Code: { ZipFile: await zipOf(firstVersion()) },
      Timeout: TIMEOUT_SECONDS,
      Environment: { Variables: { ...orders.environment } },
    }),
  );
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 1 }, { FunctionName });
  await client.send(
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: doorbell.arn,
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    }),
  );
}

/** Of a bundle, chunks and all. */
async function zipOf(folder: string): Promise<Buffer> {
  const zip = join(temporaryFolder(), "code.zip");
  const files = (await readdir(folder)).map((name) => join(folder, name));
  await run("python3", ["-m", "zipfile", "-c", zip, ...files]);
  return readFile(zip);
}

describe.skipIf(!isThere)("deployed with a doorbell", () => {
  test("a ring wakes it within seconds", async () => {
    await orders.publish(20);
    const rungAt = Date.now();
    await doorbell.send(" ");
    await eventually(() => expect(sorted(orders.ended())).toEqual(sequences(20)));
    expect(Date.now() - rungAt).toBeLessThan(20_000);
    await eventually(async () => expect(await emulator.sqs.count(doorbell.url)).toBe(0));
  });

  test("of a batch what is no command goes to the dead letters, and the rest is served", async () => {
    await orders.publish(5);
    const bad = await doorbell.send('{"version":2,"kind":"ring"}');
    await doorbell.send('{"version":1,"kind":"ring"}');
    await doorbell.send('{"version":1,"kind":"replay","startSequence":24}');
    const letters = await emulator.sqs.receiveAll(doorbell.deadLetterUrl, { expected: 1 });
    expect(letters).toMatchObject([{ id: bad }]);
    expect(sorted(orders.ended())).toEqual([...sequences(24), 24, 25, 25]);
    expect(await emulator.sqs.count(doorbell.url)).toBe(0);
  });
});
