// A stream with its consumer, functions whose handler works on it, and what these have noted.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsumerInfo, StreamConfig } from "@nats-io/jetstream";
import { vi } from "vitest";
import type { ReplayReceipt } from "../../functions/bridge/replay.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { bundled } from "./bundled.ts";
import type { RuntimeClient } from "./fetch-runtime-client.ts";
import { temporaryFolder } from "./leave-nothing.ts";
import type { Parts } from "./parts.ts";
import { type RunningFunction, startFunction } from "./runtime-api.ts";
import type { Task, What } from "../e2e/handlers/noting.ts";

/** Subjects are `<stream>.g<sequence % 5>`. */
const GROUPS = 5;

export interface Note {
  readonly at: number;
  readonly version: string;
  readonly pid: number;
  readonly sequence: number;
  readonly group: string;
  readonly what: What;
}

interface StartOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Lane {
  readonly stream: string;
  readonly durable: string;
  /** Of a function that works on it, but for where AWS is. */
  readonly environment: Readonly<Record<string, string>>;
  /** All stored, in this order, when it returns. */
  publish(count: number, task?: Task): Promise<void>;
  /** A function with the first version of the handler. */
  start(options?: StartOptions): RunningFunction;
  consumer(): Promise<ConsumerInfo>;
  /** Oldest first. */
  notes(): readonly Note[];
  /** Sequences of those that were handled to the end, in the order of their ends; once for each time. */
  ended(): readonly number[];
}

interface LaneOptions {
  readonly stream?: Partial<StreamConfig>;
  /** Default 10 s. */
  readonly ackWaitMs?: number;
}

export const firstVersion = (): string => bundled("test/e2e/handlers/first-version.ts");
export const secondVersion = (): string => bundled("test/e2e/handlers/second-version.ts");

export async function lane(
  parts: Pick<Parts, "jetstream" | "manager" | "server" | "sqs">,
  client: RuntimeClient,
  stream: string,
  options: LaneOptions = {},
): Promise<Lane> {
  const { ackWaitMs = 10_000 } = options;
  const durable = `${stream}-handler`;
  const ledger = join(temporaryFolder(), "ledger");
  writeFileSync(ledger, "");
  await parts.manager.streams.add({ name: stream, subjects: [`${stream}.>`], ...options.stream });
  await parts.manager.consumers.add(stream, {
    durable_name: durable,
    ack_policy: "explicit",
    ack_wait: ackWaitMs * 1e6,
    max_deliver: -1,
  });
  const environment = {
    NATS_URL: parts.server.url,
    NATS_TIMEOUT: "1s",
    JETSTREAM_STREAM: stream,
    JETSTREAM_CONSUMER: durable,
    JETSTREAM_ACK_WAIT: `${ackWaitMs}ms`,
    IDLE_TIMEOUT: "150ms",
    LEDGER: ledger,
  };
  let published = 0;
  const notes = (): readonly Note[] => notesIn(ledger);
  return {
    stream,
    durable,
    async publish(count, task = {}) {
      const numbers = Array.from({ length: count }, (_, at) => published + at + 1);
      published += count;
      const subjectOf = (number: number): string => `${stream}.g${number % GROUPS}`;
      await Promise.all(
        numbers.map((number) => parts.jetstream.publish(subjectOf(number), JSON.stringify(task))),
      );
    },
    environment,
    start: ({ timeoutMs = 10_000, environment: more = {} } = {}) =>
      startFunction({
        client,
        code: firstVersion(),
        timeoutMs,
        environment: { ...parts.sqs.environment, ...environment, ...more },
      }),
    consumer: () => parts.manager.consumers.info(stream, durable),
    notes,
    ended: () =>
      notes()
        .filter(({ what }) => what === "end")
        .map(({ sequence }) => sequence),
  };
}

/** What the handler of `test/e2e/handlers/noting.ts` has noted in a file, oldest first. */
export function notesIn(ledger: string): readonly Note[] {
  return readFileSync(ledger, "utf8").split("\n").slice(0, -1).map(noteOf);
}

function noteOf(line: string): Note {
  const [at, version = "", pid, sequence, subject = "", ...what] = line.split(" ");
  return {
    at: Number(at),
    version,
    pid: Number(pid),
    sequence: Number(sequence),
    group: subject.split(".").at(-1) ?? "",
    what: what.join(" ") as What,
  };
}

type Line = Readonly<Record<string, unknown>>;

/** Lines of its log with this event. */
export function told(fn: RunningFunction, event: string): readonly Line[] {
  return fn.lines().filter((line) => line["event"] === event);
}

/** The last receipt of each run; with `replay` where it was one. */
export function receipts(fn: RunningFunction): readonly (Receipt & Partial<ReplayReceipt>)[] {
  return told(fn, "receipt").filter(({ stop }) => stop !== null) as unknown as readonly Receipt[];
}

/** `sequences(3)`: 1, 2, 3. */
export function sequences(last: number, first: number = 1): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** Those that occur more than once. */
export function doubles(numbers: readonly number[]): readonly number[] {
  return numbers.filter((number, at) => numbers.indexOf(number) !== at);
}

/** Until it throws no more. Generous: a machine under load is slow, and a test that waits in vain fails all the same. */
export function eventually(
  check: () => unknown,
  timeout = 60_000,
  interval = 50,
): Promise<unknown> {
  return vi.waitFor(check, { timeout, interval });
}
