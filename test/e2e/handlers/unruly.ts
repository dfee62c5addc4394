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

const LEDGER = process.env["LEDGER"] ?? "";

const note = (what: string, sequence: number): void =>
  appendFileSync(LEDGER, `${Date.now()} ${process.pid} ${what} ${sequence}\n`);

export const handler = onMessage(async (message, { signal }) => {
  const { conduct } = message.json<{ conduct: Conduct }>();
  const sequence = message.streamSequence;
  const isFirst = !readFileSync(LEDGER, "utf8").includes(` start ${sequence}\n`);
  note("start", sequence);
  switch (conduct) {
    case "ends the process":
      process.exit(7);
    // falls through, as far as the compiler knows
    case "hangs":
      await new Promise(() => setInterval(() => undefined, 1000));
      break;
    case "hangs until told":
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      note("end", sequence);
      throw new Error("told to end");
    case "slow":
      await sleep(300);
      break;
    default:
      await sleep(2);
  }
  note("end", sequence);
  if (conduct === "throws always" || (conduct === "throws once" && isFirst))
    throw new Error("boom");
  if (conduct === "rejected") return reject("it is meant to be");
  if (conduct === "later" && isFirst) return retry({ after: "1500ms" });
  return undefined;
});
