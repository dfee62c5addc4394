/** `redrive`: dead letters, sent again. */
import { readFileSync } from "node:fs";
import { systemClock } from "../../functions/bridge/clock.ts";
import { loginOf } from "../../functions/bridge/login.ts";
import { type Scrubber, scrubber } from "../../functions/bridge/observe/log.ts";
import { credentialsFault } from "../../functions/bridge/source/credentials.ts";
import type { Context, Run } from "../command.ts";
import { Terminal } from "../terminal.ts";
import { bucketStore } from "./bucket-store.ts";
import { type Destination, hasOwnEndpoint, readDestination } from "./environment.ts";
import { HELP, USAGE } from "./help.ts";
import { parse, type RedriveOptions } from "./options.ts";
import type { Sender, Store } from "./ports.ts";
import { exitCodeOf, type Receipt, Tally } from "./receipt.ts";
import { redrive } from "./redrive.ts";
import { queueStore } from "./queue-store.ts";
import { jsonFor, type Lines, linesFor } from "./say.ts";
import { streamSender } from "./to-stream.ts";
import { targetSender } from "./to-target.ts";

const SEEN_AGAIN =
  "Messages are published anew: every consumer of the stream sees them again, not only the bridge.";
const SENT_AGAIN =
  "Messages are sent to the target, past the stream: one that it had taken before all the same, it gets again.";

export const run: Run = async (args, context) => {
  const parsed = parse(args, Date.now());
  if (parsed.kind === "help") return tell(process.stdout, [HELP], 0);
  if (parsed.kind === "wrong") return tell(process.stderr, [...parsed.problems, USAGE], 2);
  const { options } = parsed;
  if (options.dryRun) return drive(options, undefined, context);
  const read = readDestination(context.environment, options.toTarget, {
    readFile: (path) => readFileSync(path, "utf8"),
    credentialsFault,
  });
  const scrub = scrubber(read.secrets);
  if (!read.destination) return tell(process.stderr, read.faults.map(scrub), 2);
  tell(process.stderr, read.warnings.map(scrub), 0);
  return drive(options, { scrub, destination: read.destination }, context);
};

interface To {
  readonly destination: Destination;
  readonly scrub: Scrubber;
}

function tell(out: NodeJS.WriteStream, lines: readonly string[], exitCode: number): number {
  out.write(lines.map((line) => `${line}\n`).join(""));
  return exitCode;
}

async function drive(
  options: RedriveOptions,
  to: To | undefined,
  { environment, signal }: Context,
): Promise<number> {
  const terminal = new Terminal(to?.scrub ?? scrubber([]));
  const lines = options.json ? jsonFor(terminal) : linesFor(terminal);
  if (to && !(await isAgreed(options, terminal, signal))) {
    terminal.note("Nothing was done.");
    return 1;
  }
  let sender: Sender | undefined;
  try {
    if (to) sender = await senderTo(to.destination, options, terminal);
  } catch (error) {
    return told(new Tally().receipt("unavailable", (error as Error).message), options, lines);
  }
  const { filter, limit, rate } = options;
  const store = storeOf(options.from, environment);
  const plan = {
    filter,
    ...(limit !== undefined && { limit }),
    // A dry run sends nothing that could be too fast.
    ...(rate !== undefined && sender && { rate }),
  };
  const ports = { store, sender, say: lines, clock: systemClock, signal };
  const receipt = await redrive(ports, plan);
  await sender?.close();
  return told(receipt, options, lines);
}

/** The last line; answers with the exit code. */
function told(receipt: Receipt, { dryRun, from, toTarget }: RedriveOptions, lines: Lines): number {
  lines.receipt(receipt, {
    command: "redrive",
    dryRun,
    from: from.kind === "queue" ? from.url : `s3://${from.name}/${from.prefix}`,
    to: toTarget ? "target" : "stream",
  });
  return exitCodeOf(receipt);
}

function storeOf(from: RedriveOptions["from"], environment: Context["environment"]): Store {
  return from.kind === "queue"
    ? queueStore(from.url, hasOwnEndpoint(environment, "SQS"))
    : bucketStore(from, hasOwnEndpoint(environment, "S3"));
}

function senderTo(
  destination: Destination,
  { sameId, stream }: RedriveOptions,
  terminal: Terminal,
): Promise<Sender> {
  if (destination.kind === "target") return targetSender(destination.config, terminal.observe);
  const { nats } = destination;
  return streamSender(nats, loginOf(nats, terminal).identities, { sameId, stream });
}

async function isAgreed(
  { toTarget, yes }: RedriveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  terminal.note(toTarget ? SENT_AGAIN : SEEN_AGAIN);
  if (yes || !terminal.isInteractive) return true;
  return terminal.asksYes("Go on? Type yes (--yes says so beforehand): ", signal);
}
