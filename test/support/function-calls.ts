// What functions were called with, and what came of it.
import type { InvokedRecord, LocalFunctions } from "./function-endpoint.ts";

/** One call of a function with orders. */
export interface Call {
  readonly numbers: readonly number[];
  /** The highest delivery count among its records. */
  readonly deliveries: number;
  readonly outcome: "returned" | "thrown" | "unknown";
}

const numberIn = ({ body }: InvokedRecord): number =>
  (JSON.parse(body) as { number: number }).number;

export function calls({ invocations }: LocalFunctions): readonly Call[] {
  return invocations.map(({ ran, records }) => ({
    numbers: records.map(numberIn),
    deliveries: Math.max(
      ...records.map(({ attributes }) => Number(attributes["ApproximateReceiveCount"])),
    ),
    outcome: !ran ? "unknown" : "returned" in ran ? "returned" : "thrown",
  }));
}

/** The calls with this order. */
export function tries(all: readonly Call[], number: number): readonly Call[] {
  return all.filter(({ numbers }) => numbers.includes(number));
}
