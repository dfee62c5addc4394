import { expect, test } from "vitest";
import { readWish } from "../../../../cli/consumer/environment.ts";
import { credentialsFault } from "../../../../functions/bridge/source/credentials.ts";
import { FIFO, LEAST } from "../../../support/read-config.ts";

const helpers = { credentialsFault, readFile: (): string => "" };
const { SQS_QUEUE_URL: _, ...NATS } = LEAST;

test("without a target, only what is named counts", () => {
  const { faults, wish } = readWish(NATS, helpers);
  expect(faults).toEqual([]);
  expect(wish).toMatchObject({
    nats: { servers: ["nats.example.com:4222"] },
    wanted: {
      stream: "ORDERS",
      consumer: "orders-to-sqs",
      leastMaxAckPending: 1,
      named: { ackWait: false, maxAckPending: false },
      knowsTarget: false,
    },
  });
  const more = { JETSTREAM_ACK_WAIT: "20s", JETSTREAM_MAX_ACK_PENDING: "7" };
  expect(readWish({ ...NATS, ...more }, helpers).wish?.wanted).toMatchObject({
    ackWaitMs: 20_000,
    maxAckPending: 7,
    named: { ackWait: true, maxAckPending: true },
  });
});

test("with a target, what follows from it counts as well", () => {
  const { wish } = readWish({ ...FIFO, CONCURRENCY: "4" }, helpers);
  expect(wish).toMatchObject({
    wanted: {
      knowsTarget: true,
      leastMaxAckPending: 40,
      maxAckPending: 40,
      mostAckWaitMs: 240_000,
    },
  });
});

test.each([
  ["without a target", {}],
  ["with one", { SQS_QUEUE_URL: LEAST["SQS_QUEUE_URL"] }],
])("%s, all faults are told at once", (_name, target) => {
  const environment = { ...target, NATS_URL: "nats://u:secret@a", JETSTREAM_FILTER: "x" };
  const { faults, secrets, wish } = readWish({ ...environment, NATS_TOKEN: "t" }, helpers);
  expect(wish).toBeUndefined();
  expect(faults.map((fault) => fault.split(":")[0])).toEqual(
    expect.arrayContaining(["JETSTREAM_STREAM", "JETSTREAM_CONSUMER", "JETSTREAM_FILTER"]),
  );
  expect(secrets).toContain("secret");
});
