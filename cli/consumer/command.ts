/** `consumer`: the durable consumer of a bridge, looked at, changed, deleted. */
import { readFileSync } from "node:fs";
import { loginOf } from "../../functions/bridge/login.ts";
import { scrubber } from "../../functions/bridge/observe/log.ts";
import { credentialsFault } from "../../functions/bridge/source/credentials.ts";
import { SourceError } from "../../functions/bridge/source/source-error.ts";
import type { Run } from "../command.ts";
import { Terminal } from "../terminal.ts";
import { type At, remove, show, update } from "./actions.ts";
import { openConsumer } from "./api.ts";
import { readWish, type Wish } from "./environment.ts";
import { HELP, USAGE } from "./help.ts";
import { type ConsumerOptions, parse } from "./options.ts";
import { jsonFor, type Lines, linesFor } from "./say.ts";

const TARGET_UNKNOWN =
  "Without a target in the environment nothing is said of max_ack_pending and ack_wait, but what JETSTREAM_MAX_ACK_PENDING and JETSTREAM_ACK_WAIT name.";

export const run: Run = async (args, { environment, signal }) => {
  const parsed = parse(args);
  if (parsed.kind === "help") return tell(process.stdout, [HELP], 0);
  if (parsed.kind === "wrong") return tell(process.stderr, [...parsed.problems, USAGE], 2);
  const { faults, secrets, warnings, wish } = readWish(environment, {
    readFile: (path) => readFileSync(path, "utf8"),
    credentialsFault,
  });
  const scrub = scrubber(secrets);
  if (!wish) return tell(process.stderr, faults.map(scrub), 2);
  tell(process.stderr, warnings.map(scrub), 0);
  const terminal = new Terminal(scrub);
  if (!wish.wanted.knowsTarget && parsed.options.action !== "delete") terminal.note(TARGET_UNKNOWN);
  return act(wish, parsed.options, terminal, signal);
};

function tell(out: NodeJS.WriteStream, lines: readonly string[], exitCode: number): number {
  out.write(lines.map((line) => `${line}\n`).join(""));
  return exitCode;
}

async function act(
  { nats, wanted }: Wish,
  options: ConsumerOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const say = linesOf(options, terminal);
  try {
    const open = await openConsumer(nats, loginOf(nats, terminal).identities, wanted);
    try {
      return await done({ open, wanted, say }, options, terminal, signal);
    } finally {
      await open.close();
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    say.failed(error.message);
    return 1;
  }
}

function done(
  at: At,
  { action, dryRun, force, yes }: ConsumerOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const isAgreed = async (): Promise<boolean> =>
    yes || (terminal.isInteractive && (await terminal.asksYes(QUESTION, signal)));
  switch (action) {
    case "show":
      return show(at);
    case "update":
      return update(at, { dryRun, force });
    case "delete":
      return remove(at, { force, isAgreed });
  }
}

const QUESTION = "Delete it? Type yes (--yes says so beforehand): ";

function linesOf({ json }: ConsumerOptions, terminal: Terminal): Lines {
  if (json) return jsonFor({ printJson: (line) => terminal.printJson(line) });
  return linesFor({
    print: (line) => terminal.print(line),
    note: (line) => terminal.note(line),
  });
}
