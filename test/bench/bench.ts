// `npm run bench`: what the service costs beside the parts it stands on, all measured in the same run, in turn.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench, type Plan } from "./cases.ts";
import { inTurn, rate, type Summary } from "./in-turn.ts";
import type { Measurement } from "./measured.ts";
import { targetNames, type TargetName, TARGETS } from "./targets.ts";

const HELP = `npm run bench                     the service beside its floors, for each target, then memory over 200,000 messages
npm run bench -- --concurrency    messages per second for CONCURRENCY 1 to 64, at 0 and 20 ms

  --target T     sqs, eventbridge, lambda, or all (all); memory and concurrency: of the first
  --runs N       of each case, in turn; the median is told (3)
  --messages N   measured in each run, after 5,000 to warm up (40000)
  --no-memory    without the long run at the end`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    concurrency: { type: "boolean", default: false },
    memory: { type: "boolean", default: true },
    target: { type: "string", default: "all" },
    runs: { type: "string", default: "3" },
    messages: { type: "string", default: "40000" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const runs = Number(values.runs);
const WARM_UP = 5000;
const messages = Number(values.messages);
const targets = targetNames(values.target);
const [first] = targets ?? [];

if (values.help || !targets || !first) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else if (values.concurrency) await byConcurrency(first);
else await besideFloors(targets, values.memory ? first : undefined);

async function besideFloors(
  names: readonly TargetName[],
  memoryOf: TargetName | undefined,
): Promise<void> {
  await using bench = await Bench.prepare(memoryOf ? 205_000 : WARM_UP + messages + 5000);
  introduce(bench);
  const plan: Plan = { concurrency: 16, latencyMs: 0, warmUp: WARM_UP, messages, seconds: 60 };
  const cases: Record<string, () => Promise<Measurement>> = {};
  for (const name of names) {
    cases[serviceOf(name)] = () => bench.service(plan, name);
    for (const one of TARGETS[name].floors) cases[floorOf(one)] = () => bench.sdkFloor(plan, one);
  }
  const nats = "floor: NATS pull and ack alone";
  cases[nats] = () => bench.natsFloor(plan);
  const results = await inTurn(runs, cases);
  console.log("\n| | msg/s | CPU ms per 1,000 | peak RSS MB |\n| --- | --- | --- | --- |");
  for (const [name, { cpu, peak, perSecond }] of results) {
    console.log(`| ${name} | ${rate(perSecond)} | ${cpu.toFixed(1)} | ${Math.round(peak)} |`);
  }
  console.log("\nCPU of the service ÷ sum of both floors:");
  const cpuOf = (name: string): number => (results.get(name) as Summary).cpu;
  for (const name of names) {
    for (const one of TARGETS[name].floors) {
      const ratio = cpuOf(serviceOf(name)) / (cpuOf(floorOf(one)) + cpuOf(nats));
      console.log(`  ${name}: ${ratio.toFixed(2)} (${one.name})`);
    }
  }
  if (memoryOf) await memory(bench, plan, memoryOf);
}

async function memory(bench: Bench, plan: Plan, target: TargetName): Promise<void> {
  const long = await bench.service({ ...plan, messages: 195_000, seconds: 600 }, target);
  const { rssMB } = long;
  const tenths = Array.from({ length: 10 }, (_, i) => {
    return Math.max(...rssMB.slice((rssMB.length * i) / 10, (rssMB.length * (i + 1)) / 10));
  });
  console.log(
    `\nRSS in MB over ${long.messages} messages to ${target}, the highest of each tenth: ${tenths.join(" ")}`,
  );
}

async function byConcurrency(target: TargetName): Promise<void> {
  await using bench = await Bench.prepare(150_000);
  introduce(bench);
  for (const latencyMs of [0, 20]) {
    const plan = (concurrency: number): Plan => ({
      concurrency,
      latencyMs,
      warmUp: latencyMs === 0 ? WARM_UP : 1000,
      messages: 100_000,
      seconds: 3,
    });
    const levels = [1, 4, 8, 16, 32, 64];
    const results = await inTurn(
      runs,
      Object.fromEntries(
        levels.map((level) => [`CONCURRENCY=${level}`, () => bench.service(plan(level), target)]),
      ),
    );
    console.log(
      `\n| ${latencyMs} ms a call | msg/s, median | best | CPU ms per 1,000 |\n| --- | --- | --- | --- |`,
    );
    for (const [name, { best, cpu, perSecond }] of results)
      console.log(`| ${name} | ${rate(perSecond)} | ${rate(best)} | ${cpu.toFixed(1)} |`);
  }
}

function serviceOf(name: TargetName): string {
  return `the service, to ${name}`;
}

function floorOf({ name }: { readonly name: string }): string {
  return `floor: ${name}`;
}

function introduce(bench: Bench): void {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} × ${cpu?.model}, Node ${process.version}, nats-server ${bench.serverVersion}, file store, loopback`,
  );
}
