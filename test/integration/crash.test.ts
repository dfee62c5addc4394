// The process is killed at the worst moments: nothing is lost, order holds, and only what was in flight comes twice.
import { describe, expect, test } from "vitest";
import {
  arrivedTwice,
  expectArrivals,
  expectEqualRetries,
  expectGoodEnd,
} from "../support/arrivals.ts";
import {
  type AwsFaultProxy,
  numberIn,
  type SentBatch,
  startAwsFaultProxy,
} from "../support/aws-fault-proxy.ts";
import type { Bridge } from "../support/bridge-process.ts";
import { type NatsProxy, startNatsProxy, type Watch } from "../support/nats-proxy.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const COUNT = 1000;

/** Some of it has gone well by then. */
const CALLS_BEFORE = 30;

/** Messages unsettled at once: of so many it is not known after a crash what became of them. */
const WINDOW = 160;

const { parts } = await partsOfFile();

interface Proxies {
  readonly nats: NatsProxy;
  readonly aws: AwsFaultProxy;
}

/** Arranges that `kill` is called at the wanted moment, and that nothing more gets through afterwards. */
type Point = (proxies: Proxies, kill: () => void) => Watch;

const isAck = (bytes: Buffer): boolean => bytes.includes("PUB $JS.ACK.");

const POINTS: Readonly<Record<string, Point>> = {
  "before send: the call has arrived, and SQS never sees it": ({ aws, nats }, kill) => {
    aws.script((batch) => {
      if (batch.number < CALLS_BEFORE) return undefined;
      nats.setMode("drop");
      kill();
      return new Promise(() => {});
    });
    return (bytes) => bytes;
  },
  "accepted, not acked: SQS has answered, and no ack gets through": ({ aws, nats }, kill) => {
    return (bytes) => {
      if (aws.batches.length < CALLS_BEFORE || !isAck(bytes)) return bytes;
      nats.setMode("drop");
      kill();
      return Buffer.alloc(0);
    };
  },
  "in mid-ack: of all acks in one write, half of the bytes get through": ({ aws, nats }, kill) => {
    return (bytes) => {
      if (aws.batches.length < CALLS_BEFORE || !isAck(bytes)) return bytes;
      nats.setMode("drop");
      kill();
      return bytes.subarray(0, middleOfAnAck(bytes));
    };
  },
};

/** In the middle of an ack, at about half of all. */
function middleOfAnAck(bytes: Buffer): number {
  return Math.max(0, bytes.indexOf("PUB $JS.ACK.", bytes.length / 2 - 50)) + 20;
}

/** The numbers of all messages whose acks are whole in what was forwarded to the server. */
function acksIn(forwarded: readonly Buffer[]): ReadonlySet<number> {
  const acks = /PUB \$JS\.ACK\.[^.]+\.[^.]+\.\d+\.(\d+)\.[^\r]*\r\n\+ACK\r\n/g;
  const text = Buffer.concat(forwarded).toString("latin1");
  return new Set([...text.matchAll(acks)].map((match) => Number(match[1]) - 1));
}

const cases = Object.entries(POINTS).flatMap(([name, point], i) => [
  [`${name} (standard)`, { id: `standard-${i}`, fifo: false, point }] as const,
  [`${name} (fifo)`, { id: `fifo-${i}`, fifo: true, point }] as const,
]);

describe.concurrent("killed with SIGKILL", () => {
  test.each(cases)("%s", async (_, { id, fifo, point }) => {
    const route = await parts.route(id, { fifo });
    await using nats = await startNatsProxy(parts.server);
    await using aws = await startAwsFaultProxy(parts.sqs.endpoint);
    await route.publish(COUNT);
    const settings = {
      NATS_URL: nats.url,
      AWS_ENDPOINT_URL: aws.endpoint,
      JETSTREAM_ACK_WAIT: "3s",
    };
    const started: Bridge[] = [];
    const forwarded: Buffer[] = [];
    const watch = point({ nats, aws }, () => void started[0]!.kill());
    nats.watch((bytes) => {
      const passed = watch(bytes);
      forwarded.push(passed);
      return passed;
    });
    await using first = route.start(settings);
    started.push(first);
    expect(await first.exited).toBe("SIGKILL");
    const before = aws.batches.length;
    const acked = acksIn(forwarded);
    const inFlight = sentIn(aws.batches).filter((number) => !acked.has(number));

    nats.watch(undefined);
    nats.setMode("pass");
    aws.script(undefined);
    await using second = route.start(settings);
    await route.drained();
    await expectGoodEnd(second);

    // Nothing lost; on FIFO in order and, since SQS knows the ids, once.
    const arrived = await expectArrivals(parts, route, COUNT);
    expectEqualRetries(aws, route);
    const [early, late] = [aws.batches.slice(0, before), aws.batches.slice(before)];
    const lateNumbers = new Set(sentIn(late));
    const again = sentIn(early.filter(({ forwarded: taken }) => taken)).filter((number) =>
      lateNumbers.has(number),
    );
    expect(again.filter((number) => !inFlight.includes(number))).toEqual([]);
    expect(inFlight.length).toBeGreaterThan(0);
    expect(inFlight.length).toBeLessThanOrEqual(WINDOW);
    expect(second.receipts().at(-1)!.duplicates).toBeGreaterThanOrEqual(again.length);
    // Where the machine is so busy that calls run out of time, one process may send a message twice as well.
    const explained = new Set([...again, ...resentIn(early), ...resentIn(late)]);
    const twice = arrivedTwice(arrived);
    expect(twice.filter((number) => !explained.has(number))).toEqual([]);
    if (!fifo) expect(twice).toEqual(expect.arrayContaining(again));
  });
});

/** The numbers of all messages in these calls. */
function sentIn(batches: readonly SentBatch[]): readonly number[] {
  return [...new Set(batches.flatMap(({ entries }) => entries.map(numberIn)))];
}

/** The numbers of messages that stand in more than one of these calls. */
function resentIn(batches: readonly SentBatch[]): readonly number[] {
  const numbers = batches.flatMap(({ entries }) => entries.map(numberIn));
  return numbers.filter((number, place) => numbers.indexOf(number) < place);
}
