// The redrive command between the real parts: letters to bury, the command to run, and what it says.
import type { Burial, LocalStore } from "./dead-letters.ts";
import { localBucket, localQueue, storedIn } from "./dead-letters.ts";
import { message, utf8 } from "./messages.ts";
import { type Ended, runCommand } from "./operator-command.ts";
import { type Parts, upTo } from "./parts.ts";

export type Kind = "queue" | "bucket";

/** When the first of `burials` was stored, and each other one a second after the last. */
export const NANOS = 1_700_000_000_000_000_000n;

export interface Redriving {
  /** A stream of this name, and a store for letters that came from it. */
  place(stream: string, kind: Kind, config?: object): Promise<LocalStore>;
  environment(more?: Readonly<Record<string, string>>): Record<string, string>;
  /** With `--json`. */
  redrive(store: LocalStore, ...more: readonly string[]): Promise<Ended>;
  /** Of all messages of a stream, sorted. */
  subjectsIn(stream: string): Promise<readonly string[]>;
}

export function redriving({ connection, manager, server, sqs }: Parts): Redriving {
  const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    ...sqs.environment,
    NATS_URL: server.url,
    ...more,
  });
  return {
    environment,
    async place(stream, kind, config = {}) {
      await manager.streams.add({ name: stream, subjects: [`${stream}.>`], ...config });
      const name = `${stream}-dead`;
      return kind === "queue"
        ? localQueue(sqs, name, stream)
        : localBucket(sqs, name.toLowerCase(), stream);
    },
    redrive: (store, ...more) =>
      runCommand(["redrive", ...store.args, "--json", ...more], environment()),
    async subjectsIn(stream) {
      return (await storedIn(connection, stream)).map(({ subject }) => subject).toSorted();
    },
  };
}

/** To `<stream>.<prefix><number>`, with the number as payload. */
export function burials(stream: string, count: number, prefix = ""): readonly Burial[] {
  return upTo(count).map((number) => ({
    message: message({
      stream,
      subject: `${stream}.${prefix}${number}`,
      streamSequence: number + 1,
      timestampNanos: NANOS + BigInt(number) * 1_000_000_000n,
      data: utf8(String(number)),
    }),
  }));
}

/** With `--json`. */
export function eventsOf({ lines }: Ended): readonly Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function receiptOf(ended: Ended): Record<string, unknown> {
  const last = eventsOf(ended).at(-1);
  if (last?.["event"] !== "receipt") throw new Error(`${ended.lines.join("\n")}\n${ended.stderr}`);
  return last;
}
