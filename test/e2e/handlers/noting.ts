// A handler that takes as long as its message says, and notes each start and each end in a file that survives it.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Handler,
  type JetStreamMessage,
  onMessage,
  retry,
} from "jetstream-aws-bridge/handler";

export interface Task {
  /** How long it takes. Default 2. */
  readonly ms?: number;
  /** When it is delivered for the first time it never ends, whatever its signal says. */
  readonly hangs?: boolean;
  /** It ends the process, each time. */
  readonly exits?: boolean;
  /** When it is delivered for the first time it is put off by so long. */
  readonly later?: string;
}

export type What = "start" | "end" | "still at it";

const GROUP_BY = process.env["GROUP_BY"];

/** `version` is that of the code. */
export function noting(version: string): Handler {
  const note = (what: What, { streamSequence, subject }: JetStreamMessage): void => {
    const words = [Date.now(), version, process.pid, streamSequence, subject, what];
    appendFileSync(process.env["LEDGER"] ?? "", `${words.join(" ")}\n`);
  };
  return onMessage(
    async (message, { signal }) => {
      const { exits = false, hangs = false, later, ms = 2 } = message.json<Task>();
      note("start", message);
      if (exits) process.exit(7);
      if (hangs && message.deliveryCount === 1) {
        await new Promise(() => setInterval(() => note("still at it", message), 50));
      }
      await sleep(ms, undefined, { signal });
      if (later !== undefined && message.deliveryCount === 1) return retry({ after: later });
      note("end", message);
      return undefined;
    },
    GROUP_BY === undefined ? {} : { groupBy: GROUP_BY },
  );
}
