// A handler that does what its message tells it to, and keeps a ledger of it that survives every end of the process.
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { onMessage, reject, retry } from "jetstream-aws-bridge/handler";

export type Conduct =
  | "good"
  | "slow"
  | "throws once"
  | "throws always"
  | "rejected"
  | "later"
  | "hangs"
  | "hangs until told"
  | "ends the process";

/** `start` is the first thing that it does; the others tell how it ended. */
export type Noted = "start" | "acked" | "failed" | "rejected" | "put off";

const LEDGER = process.env["LEDGER"] ?? "";

export const handler = onMessage(async (message, { signal }) => {
  const { deliveryCount, streamSequence } = message;
  const note = (what: Noted): void =>
    appendFileSync(LEDGER, `${process.pid} ${streamSequence} ${deliveryCount} ${what}\n`);
  note("start");
  const { conduct } = message.json<{ conduct: Conduct }>();
  const isFirst = (): boolean => {
    const starts = readFileSync(LEDGER, "latin1").matchAll(/^\d+ (\d+) \d+ start$/gm);
    return [...starts].filter(([, sequence]) => Number(sequence) === streamSequence).length === 1;
  };
  switch (conduct) {
    case "ends the process":
      process.exit(7);
    // falls through, as far as the compiler knows
    case "hangs":
      await new Promise(() => setInterval(() => undefined, 1000));
      break;
    case "hangs until told":
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      note("failed");
      throw new Error("told to end");
    case "slow":
      await sleep(300);
      break;
    default:
      await sleep(2);
  }
  if (conduct === "throws always" || (conduct === "throws once" && isFirst())) {
    note("failed");
    throw new Error("boom");
  }
  if (conduct === "rejected") {
    note("rejected");
    return reject("it is meant to be");
  }
  if (conduct === "later" && isFirst()) {
    note("put off");
    return retry({ after: "1500ms" });
  }
  note("acked");
  return undefined;
});
