// `npm run bench`: what the service costs beside the parts it stands on, all measured in the same run, in turn.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench, type Plan } from "./cases.ts";
import type { Measurement } from "./measured.ts";

const HELP = `npm run bench                     the service beside its floors, then memory over 200,000 messages
npm run bench -- --concurrency    messages per second for CONCURRENCY 1 to 64, at 0 and 20 ms

  --runs N       of each case, in turn; the median is told (3)
  --messages N   measured in each run, after 5,000 to warm up (40000)`;

const { values } = parseArgs({
  options: {
    concurrency: { type: "boolean", default: false },
    runs: { type: "string", default: "3" },
    messages: { type: "string", default: "40000" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const runs = Number(values.runs);
const WARM_UP = 5000;
const messages = Number(values.messages);

if (values.help) console.log(HELP);
else if (values.concurrency) await byConcurrency();
else await besideFloors();

async function besideFloors(): Promise<void> {
  await using bench = await Bench.prepare(205_000);
  introduce(bench);
  const plan: Plan = { concurrency: 16, latencyMs: 0, warmUp: WARM_UP, messages, seconds: 60 };
  const cases = {
    service: () => bench.service(plan),
    "floor: SDK alone, 2 attributes": () => bench.sdkFloor(plan, 2),
    "floor: SDK alone, the service's 4 attributes": () => bench.sdkFloor(plan, 4),
    "floor: NATS pull and ack alone": () => bench.natsFloor(plan),
  };
  const results = await inTurn(cases);
  console.log("\n| | msg/s | CPU ms per 1,000 | peak RSS MB |\n| --- | --- | --- | --- |");
  for (const [name, { cpu, peak, perSecond }] of results) {
    console.log(`| ${name} | ${rate(perSecond)} | ${cpu.toFixed(1)} | ${Math.round(peak)} |`);
  }
  const [service, sdk, sdk4, nats] = [...results.values()].map(({ cpu }) => cpu) as [
    number,
    number,
    number,
    number,
  ];
  console.log(
    `\nCPU of the service ÷ sum of both floors: ${(service / (sdk + nats)).toFixed(2)} (2 attributes), ${(service / (sdk4 + nats)).toFixed(2)} (4 attributes)`,
  );

  const long = await bench.service({ ...plan, messages: 195_000, seconds: 600 });
  const { rssMB } = long;
  const tenths = Array.from({ length: 10 }, (_, i) => {
    return Math.max(...rssMB.slice((rssMB.length * i) / 10, (rssMB.length * (i + 1)) / 10));
  });
  console.log(
    `\nRSS in MB over ${long.messages} messages, the highest of each tenth: ${tenths.join(" ")}`,
  );
}

async function byConcurrency(): Promise<void> {
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
      Object.fromEntries(
        levels.map((level) => [`CONCURRENCY=${level}`, () => bench.service(plan(level))]),
      ),
    );
    console.log(
      `\n| ${latencyMs} ms a call | msg/s, median | best | CPU ms per 1,000 |\n| --- | --- | --- | --- |`,
    );
    for (const [name, { best, cpu, perSecond }] of results)
      console.log(`| ${name} | ${rate(perSecond)} | ${rate(best)} | ${cpu.toFixed(1)} |`);
  }
}

type Summary = {
  readonly perSecond: number;
  readonly best: number;
  readonly cpu: number;
  readonly peak: number;
};

/** Each case once, then each again: what else the machine does meets all of them. */
async function inTurn(
  cases: Readonly<Record<string, () => Promise<Measurement>>>,
): Promise<ReadonlyMap<string, Summary>> {
  const measured = new Map<string, Measurement[]>();
  for (let run = 0; run < runs; run++) {
    for (const [name, measure] of Object.entries(cases)) {
      const result = await measure();
      measured.set(name, [...(measured.get(name) ?? []), result]);
      console.log(
        `run ${run + 1}, ${name}: ${rate(result.perSecond)} msg/s, ${result.cpuPerThousand.toFixed(1)} CPU ms per 1,000`,
      );
    }
  }
  return new Map(
    [...measured].map(([name, results]) => [
      name,
      {
        perSecond: median(results.map(({ perSecond }) => perSecond)),
        best: Math.max(...results.map(({ perSecond }) => perSecond)),
        cpu: median(results.map(({ cpuPerThousand }) => cpuPerThousand)),
        peak: Math.max(...results.map(({ peakRssMB }) => peakRssMB)),
      },
    ]),
  );
}

function introduce(bench: Bench): void {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} × ${cpu?.model}, Node ${process.version}, nats-server ${bench.serverVersion}, file store, loopback`,
  );
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function rate(perSecond: number): string {
  return (Math.round(perSecond / 100) * 100).toLocaleString("en-US");
}
