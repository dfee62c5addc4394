// Metrics as CloudWatch and Prometheus get them, from the processes themselves.
import { describe, expect, test, vi } from "vitest";
import { METRICS } from "../../functions/bridge/observe/metric-names.ts";
import type { Line } from "../support/bridge-process.ts";
import { QUICK } from "../support/bridge-settings.ts";
import { emfFaults, emfValues } from "../support/emf.ts";
import { invoke } from "../support/lambda-process.ts";
import { isAtLeast } from "../support/nats-server.ts";
import type { Route } from "../support/parts.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { operator, parts } = await partsOfFile();
const hasTime = isAtLeast(parts.server.version, "2.10");

async function given(name: string, count: number): Promise<Route> {
  const route = await parts.route(name);
  await operator.consumer(name, `${name}-to-sqs`, { ack_wait: 20e9 });
  await operator.publish(`${name}.a`, count);
  return route;
}

function metricsIn(stdout: string): readonly unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line.includes('"event":"metrics"'))
    .map((line): unknown => JSON.parse(line));
}

describe("a function", () => {
  test.concurrent("writes a line for CloudWatch with each receipt, and each counts what is new", async () => {
    const { environment } = await given("FUNCTION", 30);
    const settings = { ...environment, ...QUICK, RECEIPT_INTERVAL: "1h", IDLE_TIMEOUT: "200ms" };
    const { stdout } = await invoke({ ...settings, LOG_LEVEL: "error" }, 20_000, 20_000);
    const lines = metricsIn(stdout);
    expect(lines.flatMap(emfFaults)).toEqual([]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: "JetStreamBridge" }] },
      Stream: "FUNCTION",
      Consumer: "FUNCTION-to-sqs",
    });
    const [first, second] = lines.map(emfValues);
    const common = { UnaccountedEventCount: 0, ConsumerPending: 0, Ready: 1 };
    expect(first).toMatchObject({ PolledEventCount: 30, AcknowledgedEventCount: 30, ...common });
    expect(second).toMatchObject({ PolledEventCount: 0, AcknowledgedEventCount: 0, ...common });
    expect("ForwardLag" in first!).toBe(hasTime);
    expect(second).not.toHaveProperty("ForwardLag");
    // By a limit that the stream does not have.
    expect(first).not.toHaveProperty("ExpiredEventCount");
    expect(first).toMatchObject({ RetentionHeadroom: 100 });
  });

  test.concurrent("that cannot work is not ready, and says nothing of what it could not see", async () => {
    const { environment } = await parts.route("NOTREADY");
    const { stdout } = await invoke(
      { ...environment, ...QUICK, METRICS_NAMESPACE: "Mine" },
      10_000,
    );
    const [line] = metricsIn(stdout);
    expect(emfFaults(line)).toEqual([]);
    expect(emfValues(line)).toMatchObject({ Ready: 0, PolledEventCount: 0 });
    expect(emfValues(line)).not.toHaveProperty("ConsumerPending");
    expect(line).toMatchObject({ _aws: { CloudWatchMetrics: [{ Namespace: "Mine" }] } });
  });

  test.concurrent("writes none where it is off, and none for a replay", async () => {
    const { environment } = await given("SILENT", 5);
    const settings = { ...environment, ...QUICK, IDLE_TIMEOUT: "200ms" };
    const off = await invoke({ ...settings, METRICS_NAMESPACE: "off" }, 20_000);
    expect(metricsIn(off.stdout)).toEqual([]);
    const replay = { version: 1, kind: "replay", startSequence: 1 };
    const replayed = await invoke(settings, { granted: 20_000, event: replay, requestId: "one" });
    expect(replayed.invocations[0]?.receipt).toMatchObject({ acked: 5 });
    expect(metricsIn(replayed.stdout)).toEqual([]);
  });
});

describe("the service", () => {
  test.concurrent("writes none unless it is asked to", async () => {
    const route = await given("UNASKED", 3);
    await using bridge = route.start(QUICK);
    await route.drained();
    expect(await bridge.stop()).toBe(0);
    expect(bridge.lines.map(({ event }) => event)).not.toContain("metrics");
  });

  test.concurrent("writes one at each interval and at the stop; they add up to its receipts", async () => {
    const route = await given("SERVICE", 200);
    await using bridge = route.start({ ...QUICK, METRICS_NAMESPACE: "Orders/Bridge" });
    await route.drained();
    await operator.publish("SERVICE.a", 100, 201);
    await route.drained();
    const isMetrics = ({ event }: Line): boolean => event === "metrics";
    // How old messages were is told once: then nothing is forwarded, and nothing was old.
    const isToldOnce = (): void => {
      const told = bridge.lines.filter(isMetrics);
      const acked = told.map((line) => Number(line["AcknowledgedEventCount"]));
      expect(acked.reduce((sum, count) => sum + count, 0)).toBe(300);
      expect(told.at(-1)).not.toHaveProperty("ForwardLag");
    };
    await vi.waitFor(isToldOnce, { timeout: 5000 });
    expect(bridge.lines.some((line) => isMetrics(line) && "ForwardLag" in line)).toBe(hasTime);
    expect(await bridge.stop()).toBe(0);
    const lines = bridge.lines.filter(isMetrics);
    expect(lines.flatMap(emfFaults)).toEqual([]);
    expect(lines).toHaveLength(bridge.receipts().length);
    const total = (name: string): number =>
      lines.reduce((sum, line) => sum + (emfValues(line)[name] ?? Number.NaN), 0);
    expect(total("AcknowledgedEventCount")).toBe(300);
    expect(total("CallCount")).toBe(bridge.receipts().at(-1)?.calls);
    // To be told to stop is no fault.
    expect(emfValues(lines.at(-1))).toMatchObject({ Ready: 1, UnaccountedEventCount: 0 });
  });

  test.concurrent("serves the same to Prometheus, and leaves out what it does not know", async () => {
    const route = await given("SCRAPED", 7);
    await using bridge = route.start({ ...QUICK, RECEIPT_INTERVAL: "1h" });
    const scrape = async (): Promise<string> =>
      (await fetch(`${await bridge.health()}/metrics`)).text();
    await bridge.waitFor("running");
    // Until the first receipt nothing is known.
    expect(await scrape()).not.toContain(METRICS.pending.prometheus);
    expect(await scrape()).toContain(`${METRICS.unaccounted.prometheus} 0\n`);
    await using soon = route.start({ ...QUICK, RECEIPT_INTERVAL: "100ms" });
    await soon.waitFor("receipt");
    const text = await (await fetch(`${await soon.health()}/metrics`)).text();
    expect(text).toMatch(/^jetstream_bridge_retention_headroom_percent 100$/m);
    expect(text).toMatch(/^jetstream_bridge_pending 0$/m);
    expect(text).not.toContain(METRICS.expired.prometheus);
  });
});
