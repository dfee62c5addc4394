/** What stands in a doorbell message, and what should not. */
import fc, { type Arbitrary } from "fast-check";
import type { Served } from "../../functions/bridge/core/wake.ts";

/** Who reads it. */
export const SERVED: Served = { stream: "ORDERS", consumer: "ship-order" };

/** And when. */
export const READ_AT: number = Date.parse("2026-11-21T14:00:00Z");

const sequences = fc.oneof(
  fc.integer({ min: 1 }),
  fc.constantFrom<unknown>(Number.MAX_SAFE_INTEGER, 2 ** 53, 0, -1, 1.5, "1", null),
);

const twoDigits = (min: number, max: number): Arbitrary<string> =>
  fc.integer({ min, max }).map((number) => String(number).padStart(2, "0"));

/** Times, and what looks like one: every part may be one too many. */
const times = fc
  .record({
    year: fc
      .oneof(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1968, max: 2030 }))
      .map((year) => String(year).padStart(4, "0")),
    month: twoDigits(0, 13),
    day: twoDigits(0, 32),
    hour: twoDigits(0, 25),
    minute: twoDigits(0, 60),
    second: twoDigits(0, 60),
    fraction: fc.oneof(fc.constant(""), fc.stringMatching(/^\.\d{0,10}$/)),
    zone: fc.oneof(
      fc.constantFrom("Z", "z", ""),
      fc
        .tuple(fc.constantFrom("+", "-"), twoDigits(0, 25), twoDigits(0, 60))
        .map(([sign, hour, minute]) => `${sign}${hour}:${minute}`),
    ),
  })
  .map(
    ({ year, month, day, hour, minute, second, fraction, zone }) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`,
  );

/** One thing wrong at a time is likelier than many. */
const mostly = <T>(right: T, ...wrong: readonly unknown[]): Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>(right) }, fc.constantFrom(...wrong));

/** Commands, and what is nearly one. */
export function anyCommand(): Arbitrary<Readonly<Record<string, unknown>>> {
  const common = { version: mostly(1, 2, "1", null), kind: kinds };
  const names = {
    stream: mostly(SERVED.stream, "OTHER", "", null, 7),
    consumer: mostly(SERVED.consumer, "other", null, {}),
  };
  const starts = fc.oneof(
    fc.constant({}),
    fc.record({ startSequence: sequences }),
    fc.record({ startTime: fc.oneof(times, fc.constantFrom<unknown>("today", 5, null)) }),
    fc.record({ startSequence: sequences, startTime: times }),
  );
  const more = fc.oneof(
    { weight: 9, arbitrary: fc.constant({}) },
    fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 1 }),
  );
  const requiredKeys: ("version" | "kind")[] = ["version", "kind"];
  return fc
    .tuple(fc.record({ ...common, ...names }, { requiredKeys }), starts, more)
    .map((parts) => Object.assign({}, ...parts) as Readonly<Record<string, unknown>>);
}

const kinds = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<unknown>("ring", "replay") },
  fc.constantFrom<unknown>("Ring", "pause", null, 1),
);
