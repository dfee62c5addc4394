// Several cases, measured in turn, and what stays of their runs.
import type { Measurement } from "./measured.ts";

export interface Summary {
  readonly perSecond: number;
  readonly best: number;
  readonly cpu: number;
  readonly peak: number;
}

/** Each case once, then each again: what else the machine does meets all of them. */
export async function inTurn(
  runs: number,
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

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

export function rate(perSecond: number): string {
  return (Math.round(perSecond / 100) * 100).toLocaleString("en-US");
}
