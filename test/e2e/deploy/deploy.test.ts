// `cdk deploy` of four bridges into an emulator of AWS, as somebody would type it: what flows, what wakes, what stays.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sorted } from "../../support/arrivals.ts";
import { type CdkApp, cdk, deploy, synthesize, type Told, tryToDeploy } from "../../support/cdk.ts";
import { findMinistack } from "../../support/fetch-ministack.ts";
import { eventually, type Note, notesIn, sequences } from "../../support/lane.ts";
import { temporaryFolder } from "../../support/leave-nothing.ts";
import { type Emulator, startMinistack } from "../../support/ministack.ts";
import { type Parts, startParts } from "../../support/parts.ts";

const isThere = await findMinistack().then(
  () => true,
  () => false,
);

/** A tick comes each minute. */
const A_TICK_MS = 130_000;

const CONSUMERS = {
  QUEUE: "to-queue",
  BUS: "to-bus",
  FUNCTION: "to-function",
  HANDLER: "to-handler",
};

let parts: Parts;
let emulator: Emulator;
let app: CdkApp;
const ledger = join(temporaryFolder(), "ledger");
/** What the stack says it has made. */
let made: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  if (!isThere) return;
  [parts, emulator] = await Promise.all([startParts(), startMinistack()]);
  writeFileSync(ledger, "");
  for (const name of Object.keys(CONSUMERS)) {
    await parts.manager.streams.add({ name, subjects: [`${name}.>`] });
  }
  app = {
    file: "test/e2e/deploy/app.ts",
    context: { natsUrl: parts.server.url, ledger, version: "first" },
    environment: emulator.sqs.environment,
  };
  const bootstrapped = await cdk(app, "bootstrap", "aws://000000000000/us-east-1");
  if (bootstrapped.code !== 0) throw new Error(bootstrapped.said);
  made = (await deploy(app, "Bridges"))["Bridges"] ?? {};
}, 180_000);

afterAll(async () => {
  await Promise.all([parts?.[Symbol.asyncDispose](), emulator?.[Symbol.asyncDispose]()]);
});

const ring = (): Promise<void> => emulator.sqs.send(made["Doorbell"] ?? "", " ", "ring");

async function publish(count: number): Promise<void> {
  for (const name of Object.keys(CONSUMERS)) {
    const { state } = await parts.manager.streams.info(name);
    for (const number of sequences(state.last_seq + count, state.last_seq + 1)) {
      await parts.jetstream.publish(`${name}.g${number % 3}`, JSON.stringify({ number, items: 1 }));
    }
  }
}

const ended = (): readonly Note[] => notesIn(ledger).filter(({ what }) => what === "end");

/** Sequences that the handler has handled. */
const handled = (): readonly number[] => sorted(ended().map(({ sequence }) => sequence));

/** Sequences that have arrived in a queue, and are taken out of it. */
async function arrived(url: string | undefined, expected: number): Promise<readonly number[]> {
  const received = await emulator.sqs.receiveAll(url ?? "", { expected, timeoutMs: A_TICK_MS });
  return received.map(({ body }) => (JSON.parse(body) as { number: number }).number);
}

async function seen(expected: number): Promise<readonly number[]> {
  const received = await emulator.sqs.receiveAll(made["Seen"] ?? "", {
    expected,
    timeoutMs: A_TICK_MS,
  });
  const events = received.map(({ body }) => JSON.parse(body) as { detail: { number: number } });
  return sorted(events.map(({ detail }) => detail.number));
}

async function shipped(): Promise<readonly number[]> {
  const lines = await emulator.printed(made["Mine"] ?? "");
  const numbers = lines.filter((line) => line.startsWith("shipped ")).map((line) => line.slice(8));
  return sorted(numbers.map(Number));
}

async function positions(): Promise<readonly unknown[]> {
  return Promise.all(
    Object.entries(CONSUMERS).map(async ([stream, name]) => {
      const { ack_floor, config, created, delivered } = await parts.manager.consumers.info(
        stream,
        name,
      );
      return { created, ack_floor, delivered, description: config.description };
    }),
  );
}

describe.skipIf(!isThere)("four bridges, deployed", () => {
  test("their consumers are there before anything has woken, and the deployment says so", async () => {
    expect(await positions()).toEqual(
      Object.keys(CONSUMERS).map(() =>
        expect.objectContaining({ delivered: { consumer_seq: 0, stream_seq: 0 } }),
      ),
    );
    expect(Object.values(made)).toContain(
      "QUEUE > to-queue (created, deliver all, max_deliver unlimited)",
    );
  });

  test("a doorbell wakes the handler within seconds", async () => {
    await publish(20);
    const rungAt = Date.now();
    await ring();
    await eventually(() => expect(handled()).toEqual(sequences(20)));
    expect(Date.now() - rungAt).toBeLessThan(20_000);
  });

  test("schedules wake all of them, and nobody else does", { timeout: 2 * A_TICK_MS }, async () => {
    await publish(5);
    void refusals(); // there is a minute to wait
    const [queue, bus] = await Promise.all([
      arrived(made["Queue"], 25),
      seen(25),
      eventually(() => expect(handled()).toEqual(sequences(25)), A_TICK_MS, 500),
      eventually(async () => expect(await shipped()).toEqual(sequences(25)), A_TICK_MS, 2000),
    ]);
    expect(sorted(queue)).toEqual(sequences(25));
    expect(bus).toEqual(sequences(25));
  });

  test(
    "deployed again with other code, all stand where they stood",
    { timeout: 2 * A_TICK_MS },
    async () => {
      await eventually(async () => {
        expect(await positions()).toEqual(
          Object.keys(CONSUMERS).map(() =>
            expect.objectContaining({ ack_floor: expect.objectContaining({ stream_seq: 25 }) }),
          ),
        );
      }, A_TICK_MS);
      const before = await positions();
      await deploy({ ...app, context: { ...app.context, version: "second" } }, "Bridges");
      expect(await positions()).toEqual(before);
      await publish(5);
      await ring();
      await eventually(() =>
        expect(
          ended()
            .filter(({ version }) => version === "v2")
            .map(({ sequence }) => sequence)
            .toSorted((a, b) => a - b),
        ).toEqual(sequences(30, 26)),
      );
    },
  );

  test("destroyed, their consumers stay, with their positions", async () => {
    const before = await positions();
    const { code, said } = await cdk(app, "destroy", "Bridges", "--force");
    expect(said).toContain("destroyed");
    expect(code).toBe(0);
    expect(await positions()).toEqual(before);
  });
});

const WRONG = ["Down", "NoStream", "Foreign"];

let tried: Promise<readonly Told[]> | undefined;

/** What deploying those that would not work has told, in their order; tried once. */
function refusals(): Promise<readonly Told[]> {
  tried ??= (async () => {
    const foreign = { durable_name: "foreign", ack_policy: "all", max_deliver: 3 } as const;
    await parts.manager.consumers.add("QUEUE", foreign);
    const synthesized = await synthesize(app, ...WRONG);
    return Promise.all(WRONG.map((stack) => tryToDeploy(synthesized, stack)));
  })();
  return tried;
}

describe.skipIf(!isThere)("a bridge that would not work is not deployed", () => {
  test.each([
    ["Down", "cannot connect to NATS at 127.0.0.1:1"],
    ["NoStream", "stream QUEUES"],
    ["Foreign", "consumer foreign"],
  ])("%s: %s", async (stack, sentence) => {
    const { code, said } = (await refusals())[WRONG.indexOf(stack)]!;
    expect(said).toContain(sentence);
    expect(code).toBe(1);
  });
});
