// The Lambda entry in a process of its own, called as the runtime calls it. Its real runtime is another test's.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { QUICK } from "../support/bridge-settings.ts";
import { invoke, warmLambda } from "../support/lambda-process.ts";
import type { Route } from "../support/parts.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { operator, parts } = await partsOfFile();

/** So many calls are answered before SQS is down. */
const CALLS_BEFORE = 8;

async function given(name: string, count: number): Promise<Route> {
  const route = await parts.route(name);
  await operator.consumer(name, `${name}-to-sqs`, { ack_wait: 20e9 });
  await operator.publish(`${name}.a`, count);
  return route;
}

function addsUp({ pulled, acked, retried, buried, released, unconfirmed, held }: Receipt): void {
  expect(acked + retried + buried + released + unconfirmed + held).toBe(pulled);
  expect(held).toBe(0);
}

describe("an invocation", () => {
  test.concurrent("drains the stream and returns a receipt that says `idle`, again and again", async () => {
    const { environment, queueUrl, ...route } = await given("DRAIN", 500);
    const { code, invocations } = await invoke(
      { ...environment, ...QUICK, IDLE_TIMEOUT: "300ms" },
      20_000,
      20_000,
    );
    expect(code).toBe(0);
    const [first, second] = invocations;
    expect(first?.receipt).toMatchObject({ stop: "idle", pulled: 500, acked: 500, pending: 0 });
    expect(first?.ms).toBeLessThan(15_000);
    expect(second?.receipt).toMatchObject({ stop: "idle", pulled: 0, acked: 0 });
    expect(await parts.sqs.count(queueUrl)).toBe(500);
    expect(await route.consumer()).toMatchObject({ num_ack_pending: 0, num_waiting: 0 });
  });

  test.concurrent("ends in time as `deadline` with a backlog left, and all that it pulled settled", async () => {
    const { environment, queueUrl, ...route } = await given("DEADLINE", 1000);
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    // Slow at first, then down: what it holds by then has to go back.
    proxy.script(async ({ number }) => {
      if (number >= CALLS_BEFORE) return { kind: "error", status: 503, code: "ServiceUnavailable" };
      return sleep(200, undefined);
    });
    const { code, invocations } = await invoke(
      {
        ...environment,
        ...QUICK,
        JETSTREAM_ACK_WAIT: "20s",
        CONCURRENCY: "4",
        AWS_ENDPOINT_URL: proxy.endpoint,
      },
      5000,
    );
    expect(code).toBe(0);
    const [{ receipt, left } = {}] = invocations;
    expect(left).toBeGreaterThan(0);
    expect(receipt).toMatchObject({ stop: "deadline", unconfirmed: 0 });
    addsUp(receipt!);
    const accepted = proxy.batches
      .filter(({ number }) => number < CALLS_BEFORE)
      .reduce((sum, { entries }) => sum + entries.length, 0);
    expect(receipt!.acked).toBe(accepted);
    expect(receipt!.released).toBeGreaterThan(0);
    expect(await parts.sqs.count(queueUrl)).toBe(accepted);
    const { num_ack_pending, num_pending } = (await route.consumer())!;
    expect(num_pending + num_ack_pending).toBe(1000 - accepted);
    expect(num_ack_pending).toBe(receipt!.released);
    // Nothing is left to its ack wait: what was released is there for the next run at once, oldest first.
    const next = await operator.take("DEADLINE", "DEADLINE-to-sqs", receipt!.released);
    expect(next.map(({ data }) => Number(new TextDecoder().decode(data)))).toEqual(
      Array.from({ length: receipt!.released }, (_, at) => accepted + 1 + at),
    );
  });

  test.concurrent("that finds its consumer missing fails with the reason, and makes none", async () => {
    const { environment, ...route } = await parts.route("MISSING");
    const { invocations, stdout } = await invoke({ ...environment, ...QUICK }, 10_000);
    expect(invocations).toMatchObject([
      {
        error:
          "Error: the run stopped as unavailable: consumer MISSING-to-sqs of stream MISSING: consumer not found (10014)",
      },
    ]);
    expect(stdout).toMatch(/"event":"receipt","stop":"unavailable"/);
    expect(await route.consumer()).toBeUndefined();
  });

  test.concurrent("with nothing to do is idle soon", async () => {
    const { environment } = await given("NOTHING", 0);
    const { invocations } = await invoke(
      { ...environment, ...QUICK, IDLE_TIMEOUT: "100ms" },
      10_000,
    );
    expect(invocations[0]?.receipt).toMatchObject({ stop: "idle", pulled: 0 });
    expect(invocations[0]?.ms).toBeLessThan(5000);
  });

  test.concurrent("with too little time pulls nothing and says `deadline`", async () => {
    const { environment, ...route } = await given("HURRY", 10);
    const { invocations } = await invoke({ ...environment, ...QUICK }, 900);
    expect(invocations[0]?.receipt).toMatchObject({ stop: "deadline", pulled: 0 });
    expect(await route.consumer()).toMatchObject({ num_ack_pending: 0, num_pending: 10 });
  });
});

describe("a warm sandbox between whose wakes", () => {
  test.concurrent.each(["stream", "consumer"] as const)(
    "the %s was made anew says `gone` once, and goes on with what is there",
    async (what) => {
      const name = `ANEW-${what}`;
      const { environment, queueUrl } = await given(name, 3);
      await using lambda = warmLambda({ ...environment, ...QUICK, IDLE_TIMEOUT: "100ms" });
      expect((await lambda.invoke(20_000)).receipt).toMatchObject({ stop: "idle", acked: 3 });
      if (what === "stream") {
        await parts.manager.streams.delete(name);
        await operator.stream(name);
        await operator.publish(`${name}.a`, 3);
      } else {
        await parts.manager.consumers.delete(name, `${name}-to-sqs`);
      }
      await operator.consumer(name, `${name}-to-sqs`, { ack_wait: 20e9 });
      expect((await lambda.invoke(20_000)).error).toMatch(/stopped as gone: .* was made anew/);
      expect((await lambda.invoke(20_000)).receipt).toMatchObject({ stop: "idle", acked: 3 });
      expect(await parts.sqs.count(queueUrl)).toBe(6);
    },
  );

  test.concurrent("the consumer was deleted says `gone` once, and goes on when it is there again", async () => {
    const { environment, queueUrl } = await given("DELETED", 3);
    await using lambda = warmLambda({ ...environment, ...QUICK, IDLE_TIMEOUT: "100ms" });
    expect((await lambda.invoke(20_000)).receipt).toMatchObject({ stop: "idle", acked: 3 });
    await parts.manager.consumers.delete("DELETED", "DELETED-to-sqs");
    expect((await lambda.invoke(20_000)).error).toMatch(/stopped as gone: .*consumer not found/);
    expect((await lambda.invoke(20_000)).error).toMatch(
      /stopped as unavailable: .*consumer not found/,
    );
    await operator.consumer("DELETED", "DELETED-to-sqs", { ack_wait: 20e9 });
    expect((await lambda.invoke(20_000)).receipt).toMatchObject({ stop: "idle", acked: 3 });
    expect(await parts.sqs.count(queueUrl)).toBe(6);
  });
});

test("a wrong configuration throws while the module is loaded, with every line", async () => {
  const { code, invocations, stderr } = await invoke(
    { NATS_URL: "http://nope", JETSTREAM_STREAM: "S", BATCH_SIZE: "0", SQS_QUEUE_URL: "nope" },
    1000,
  );
  expect(code).not.toBe(0);
  expect(invocations).toEqual([]);
  expect(stderr).toMatch(/the configuration is wrong:/);
  for (const name of ["NATS_URL", "JETSTREAM_CONSUMER", "BATCH_SIZE", "SQS_QUEUE_URL"]) {
    expect(stderr).toMatch(new RegExp(`^${name}: given .*, expected `, "m"));
  }
});
