import fc from "fast-check";
import { expect, test } from "vitest";
import { emfLines } from "../../../functions/bridge/observe/emf.ts";
import { logger } from "../../../functions/bridge/observe/log.ts";
import { METRICS } from "../../../functions/bridge/observe/metric-names.ts";
import { Totals } from "../../../functions/bridge/observe/totals.ts";
import type { Receipt } from "../../../functions/bridge/run/receipt.ts";
import { emfFaults, emfValues } from "../../support/emf.ts";
import { receipt } from "../../support/receipts.ts";

const NOW = 1_795_000_000_000;

/** The lines that are written for these receipts. */
function linesOf(
  receipts: readonly Receipt[],
  given: { readonly namespace?: string; readonly stream?: string } = {},
): readonly unknown[] {
  const lines: string[] = [];
  const log = logger({
    level: "error",
    scrub: (text) => text,
    write: (line) => lines.push(line),
    now: () => NOW,
  });
  const totals = new Totals();
  const { namespace = "JetStreamBridge", stream = "ORDERS" } = given;
  const publish = emfLines({ namespace, stream, consumer: "orders-to-sqs", log, now: () => NOW });
  for (const one of receipts) {
    totals.add(one);
    publish(totals.metrics(true));
  }
  return lines.map((line): unknown => JSON.parse(line));
}

const ALL_KNOWN = { expired: 1, forwardLagMs: 1500, retentionHeadroom: 62.5 };

test("a line names what is published, where, and of what: whatever the level of the log", () => {
  const [line] = linesOf([receipt({ pulled: 5, acked: 5, pending: 7, ...ALL_KNOWN })]);
  expect(line).toEqual({
    time: new Date(NOW).toISOString(),
    level: "info",
    event: "metrics",
    _aws: {
      Timestamp: NOW,
      CloudWatchMetrics: [
        {
          Namespace: "JetStreamBridge",
          Dimensions: [["Stream", "Consumer"]],
          Metrics: expect.arrayContaining([
            { Name: "PolledEventCount", Unit: "Count" },
            { Name: "ForwardLag", Unit: "Milliseconds" },
            { Name: "RetentionHeadroom", Unit: "Percent" },
            { Name: "Ready", Unit: "None" },
          ]),
        },
      ],
    },
    Stream: "ORDERS",
    Consumer: "orders-to-sqs",
    ...emfValues(line),
  });
  expect(emfValues(line)).toEqual({
    PolledEventCount: 5,
    AcknowledgedEventCount: 5,
    RetriedEventCount: 0,
    OnFailureDestinationDeliveredEventCount: 0,
    ReleasedEventCount: 0,
    UnconfirmedEventCount: 0,
    DuplicateEventCount: 0,
    UnaccountedEventCount: 0,
    CallCount: 0,
    ExpiredEventCount: 1,
    ConsumerPending: 7,
    AckPending: 0,
    ForwardLag: 1500,
    RetentionHeadroom: 62.5,
    Ready: 1,
  });
  // All but what is held, each once.
  expect(Object.keys(emfValues(line))).toHaveLength(Object.keys(METRICS).length - 1);
});

test("what is not known is not in the line", () => {
  const [line] = linesOf([receipt({ stop: "broken", unseen: true })]);
  expect(emfFaults(line)).toEqual([]);
  for (const name of [
    "ConsumerPending",
    "AckPending",
    "ForwardLag",
    "RetentionHeadroom",
    "ExpiredEventCount",
  ]) {
    expect(line).not.toHaveProperty(name);
    expect(emfValues(line)).not.toHaveProperty(name);
  }
});

test("nothing is written where it is off", () => {
  const lines: string[] = [];
  const log = (): number => lines.push("");
  const publish = emfLines({
    namespace: undefined,
    stream: "ORDERS",
    consumer: "c",
    log,
    now: () => 0,
  });
  publish({ pulled: 1 });
  expect(lines).toEqual([]);
});

const anyRun = fc.array(fc.record({ acked: fc.nat(50), buried: fc.nat(5) }), {
  minLength: 1,
  maxLength: 5,
});

test("whatever the runs, counters of all lines add up to all that was counted, and gauges are as they are", () => {
  fc.assert(
    fc.property(fc.array(anyRun, { maxLength: 5 }), (runs) => {
      let pulled = 0;
      const receipts = runs.flatMap((rounds) => {
        let [acked, buried] = [0, 0];
        return rounds.map((round, at) => {
          acked += round.acked;
          buried += round.buried;
          pulled += round.acked + round.buried;
          const stop = at === rounds.length - 1 ? "idle" : null;
          return receipt({ stop, acked, buried, pulled: acked + buried, pending: at });
        });
      });
      const values = linesOf(receipts).map(emfValues);
      const total = (name: string): number =>
        values.reduce((sum, line) => sum + (line[name] ?? Number.NaN), 0);
      expect(total("PolledEventCount")).toBe(pulled);
      expect(
        total("AcknowledgedEventCount") + total("OnFailureDestinationDeliveredEventCount"),
      ).toBe(pulled);
      expect(total("UnaccountedEventCount")).toBe(0);
      expect(values.map((line) => line["ConsumerPending"])).toEqual(
        receipts.map(({ pending }) => pending),
      );
    }),
  );
});

test("whatever stream and receipt, CloudWatch takes the line", () => {
  const stream = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  const given = fc.record({
    stop: fc.constantFrom("idle", "broken", null),
    pulled: fc.nat(),
    acked: fc.nat(),
    ...Object.fromEntries(
      ["expired", "forwardLagMs", "retentionHeadroom"].map((name) => [
        name,
        fc.option(fc.nat(100), { nil: undefined }),
      ]),
    ),
  });
  fc.assert(
    fc.property(
      stream.filter((text) => /^[^\s.*>/\\]+$/.test(text)),
      fc.array(given, { minLength: 1, maxLength: 3 }),
      (name, receipts) => {
        const lines = linesOf(
          receipts.map((one) => receipt(one as Partial<Receipt>)),
          { stream: name },
        );
        for (const line of lines) expect(emfFaults(line)).toEqual([]);
      },
    ),
  );
});

test("the check of the tests finds what CloudWatch would not take", () => {
  const [line] = linesOf([receipt()]) as [Record<string, unknown>];
  const without = { ...line };
  delete without["PolledEventCount"];
  const wrong = [
    without,
    { ...line, Stream: "été" },
    { ...line, Ready: "1" },
    { ...line, _aws: {} },
    { ...line, _aws: { Timestamp: "now", CloudWatchMetrics: [] } },
  ];
  for (const one of wrong) expect(emfFaults(one)).not.toEqual([]);
});

test.each([
  [{ retried: 3, acked: 0 }, 0],
  [{ retried: 3, acked: 1 }, 1],
  [{ retried: 0, acked: 0 }, 1],
])("is ready unless all that it tried was given back: %j", (counts, ready) => {
  expect(linesOf([receipt({ pulled: 3, ...counts })])).toMatchObject([{ Ready: ready }]);
});
