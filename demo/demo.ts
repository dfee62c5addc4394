// `npm run demo`: see options.ts for what it does. Whatever ends it, it leaves nothing behind.
import { startNatsServer, findNatsServer } from "../test/support/nats-server.ts";
import { closing } from "./closing.ts";
import { forward } from "./forward/forward.ts";
import { type DemoOptions, HELP, parse } from "./options.ts";
import { Screen } from "./screen.ts";
import type { Played, Stage } from "./stage.ts";
import { DemoStream } from "./stream.ts";
import { Undo } from "./undo.ts";
import { isGood, verdict } from "./verdict.ts";

const undo = new Undo();
let isInterrupted = false;
const screen = new Screen(process.stdout);
const say = (line?: string): void => screen.say(line);

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
    lines = await run(options);
  } catch (error) {
    if (isInterrupted) return;
    say(`The demo could not go on: ${(error as Error).message}`);
    process.exitCode = 1;
  }
  await undo.all(say);
  for (const line of lines) say(line);
}

async function interrupted(code: number): Promise<void> {
  if (isInterrupted) process.exit(code); // the second time without waiting
  isInterrupted = true;
  say("Interrupted: removing everything.");
  await undo.all(say);
  process.exit(code);
}

/** What to say when all is removed. */
async function run(options: DemoOptions): Promise<readonly string[]> {
  const natsUrl = options.natsUrl ?? (await startServer());
  const stream = await DemoStream.connect(natsUrl);
  undo.push(() => stream.remove());
  await stream.create();
  say(`stream       ${stream.name}${options.natsUrl ? " on your server, removed at the end" : ""}`);

  const played = await play({ natsUrl, stream, options, screen, undo });
  const result = verdict(stream.sent, played.arrivals, played.unordered === undefined);
  if (!isGood(result)) process.exitCode = 1;
  return closing(result, played, options);
}

async function play(stage: Stage): Promise<Played> {
  if (!stage.options.wake) return forward(stage);
  // Bundling needs the CDK, which takes a while to load.
  const { wake } = await import("./wake/wake.ts");
  return wake(stage);
}

async function startServer(): Promise<string> {
  const { path } = await findNatsServer(say);
  const server = await startNatsServer({ binary: path });
  undo.push(() => server.stop());
  say(`NATS         ${server.url}`);
  return server.url;
}
