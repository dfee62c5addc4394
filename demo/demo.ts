// `npm run demo`: see options.ts for what it does. Whatever ends it, it leaves nothing behind.
import { startNatsServer, findNatsServer } from "../test/support/nats-server.ts";
import { type DemoOptions, HELP, parse } from "./options.ts";
import { Screen } from "./progress.ts";
import { Relay } from "./relay.ts";
import { DemoStream } from "./stream.ts";
import { startTarget } from "./target.ts";
import { isGood, lastLines, type Verdict, verdict } from "./verdict.ts";

/** Undone in reverse, at the end or when interrupted. */
const undo: (() => Promise<unknown>)[] = [];
let isInterrupted = false;
const screen = new Screen(process.stdout);

const parsed = parse(process.argv.slice(2));
switch (parsed.kind) {
  case "help":
    console.log(HELP);
    break;
  case "wrong":
    console.error([...parsed.problems, "", HELP].join("\n"));
    process.exitCode = 2;
    break;
  case "run":
    process.on("SIGINT", () => void interrupted(130));
    process.on("SIGTERM", () => void interrupted(143));
    process.on("SIGHUP", () => void interrupted(129));
    process.stdout.on("error", () => isInterrupted || void interrupted(1)); // whoever read our lines has gone
    await demo(parsed.options);
}

async function demo(options: DemoOptions): Promise<void> {
  let lines: readonly string[] = [];
  try {
    lines = await play(options);
  } catch (error) {
    if (isInterrupted) return;
    screen.say(`The demo could not go on: ${(error as Error).message}`);
    process.exitCode = 1;
  }
  await undoAll();
  for (const line of lines) screen.say(line);
}

async function interrupted(code: number): Promise<void> {
  if (isInterrupted) process.exit(code); // the second time without waiting
  isInterrupted = true;
  screen.say("Interrupted: removing everything.");
  await undoAll();
  process.exit(code);
}

async function undoAll(): Promise<void> {
  for (let one = undo.pop(); one; one = undo.pop()) {
    await one().catch((error: Error) => screen.say(`Not removed: ${error.message}`));
  }
}

async function play(options: DemoOptions): Promise<readonly string[]> {
  const natsUrl = options.natsUrl ?? (await startServer());
  const stream = await DemoStream.connect(natsUrl);
  undo.push(() => stream.remove());
  await stream.create();
  screen.say(
    `stream       ${stream.name}${options.natsUrl ? " on your server, removed at the end" : ""}`,
  );
  const target = await startTarget(options);
  undo.push(() => target.stop());
  screen.say(target.place);
  const relay = new Relay({ natsUrl, stream, target, screen, messages: options.messages });
  undo.push(() => relay.stop());

  await relay.forwardAndKill();
  await relay.untilDrained();
  await relay.end();
  const { unordered } = target;
  return compare(verdict(stream.sent, await target.arrivals(), unordered === undefined), unordered);
}

async function startServer(): Promise<string> {
  const { path } = await findNatsServer((line) => screen.say(line));
  const server = await startNatsServer({ binary: path });
  undo.push(() => server.stop());
  screen.say(`NATS         ${server.url}`);
  return server.url;
}

function compare(result: Verdict, unordered: string | undefined): readonly string[] {
  screen.say();
  if (isGood(result)) {
    screen.say(
      `Each of the ${result.sent} messages has arrived: payload and headers are the same, byte for byte.`,
    );
  } else {
    process.exitCode = 1;
    if (result.changed.length > 0) {
      screen.say(`Changed or unknown: sequences ${result.changed.slice(0, 10).join(", ")}`);
    }
    if (result.outOfOrder.length > 0) screen.say(`Out of order: ${result.outOfOrder.join(", ")}`);
  }
  screen.say(`
What to try next
  npm run demo -- --queue standard                        without order: what was in flight may arrive twice
  npm run demo -- --target eventbridge                    to an event bus; or --target lambda, to a function
  npm run demo -- --nats-url nats://localhost:4222        with a server of yours
  NATS_URL=nats://localhost:4222 JETSTREAM_STREAM=ORDERS JETSTREAM_CONSUMER=orders-to-sqs \\
    SQS_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/123456789012/orders \\
    node_modules/.bin/node functions/forward.service.ts   the service itself
`);
  return lastLines(result, unordered);
}
