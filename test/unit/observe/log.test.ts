import fc from "fast-check";
import { expect, test } from "vitest";
import { logger, type LogLevel, scrubber } from "../../../functions/bridge/observe/log.ts";

function linesAt(
  level: LogLevel,
  secrets: readonly string[] = [],
): { lines: string[]; log: ReturnType<typeof logger> } {
  const lines: string[] = [];
  const log = logger({
    level,
    scrub: scrubber(secrets),
    write: (line) => lines.push(line),
    now: () => 0,
  });
  return { lines, log };
}

test("a line is one JSON object with time, level, event and details", () => {
  const { lines, log } = linesAt("info");
  log("warn", "target-unavailable", { reason: "two\nlines", calls: 3 });
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"target-unavailable","reason":"two\\nlines","calls":3}\n',
  ]);
});

test.each<[LogLevel, readonly LogLevel[]]>([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
])("at %s exactly what matters as much is written", (level, written) => {
  const { lines, log } = linesAt(level);
  for (const one of ["debug", "info", "warn", "error"] as const) log(one, "x");
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
});

test("secrets are taken out wherever they turn up, also as JSON writes them", () => {
  const { lines, log } = linesAt("info", ['pa"ss\nword', "token"]);
  log("error", "stopped", { reason: 'said pa"ss\nword and token', nested: { deep: ["tokens"] } });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    reason: "said *** and ***",
    nested: { deep: ["***s"] },
  });
});

test("of two secrets of which one is part of the other, nothing remains", () => {
  expect(scrubber(["secret", "secret-and-more"])("a secret-and-more b")).toBe("a *** b");
});

test("without secrets a text stays as it is", () => {
  expect(scrubber([])("all of it")).toBe("all of it");
  expect(scrubber(["", "a"])("all of it")).toBe("all of it");
});

test("what is learned later is taken out from then on, besides what was known", () => {
  const scrub = scrubber(["first"]);
  expect(scrub("first second")).toBe("*** second");
  scrub.learn(["second", 'th"ird']);
  expect(scrub('first second th"ird th\\"ird')).toBe("*** *** *** ***");
});

test("of what is learned for ever, the latest is remembered", () => {
  const scrub = scrubber(["at first"]);
  for (let number = 1000; number < 2000; number += 1) scrub.learn([`secret-${number}`]);
  expect(scrub("at first secret-1999 secret-1950")).toBe("*** *** ***");
});

test("a secret that consists of digits leaves numbers as they are", () => {
  const { lines, log } = linesAt("info", ["1234"]);
  log("info", "stopped", { text: "a1234b", calls: 51_234, nested: [-1234, 0.1234, { "1234": 1 }] });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    text: "a***b",
    calls: 51_234,
    nested: [-1234, 0.1234, { "***": 1 }],
  });
});

test("a secret that what was put in would make once more is taken out as well", () => {
  expect(scrubber(["**x"])("a **xx b")).toBe("a **** b");
  expect(scrubber(["*x*"])("*x*x*x*")).not.toContain("*x*");
  expect(scrubber(["***", "****"])("**********")).toMatch(/^\**$/);
});

/** Not those that are made of what stands for them. */
const anySecret = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 3, maxLength: 20 }),
    fc.stringMatching(/^[0-9]{3,6}$/),
    fc.stringMatching(/^[*"\\,:{}[\]a-c]{3,5}$/),
    fc.constantFrom("null", "true", "level", "time", '":"', '","'),
  )
  .filter((text) => !/^\*+$/.test(text));

/** All that is text in it: names and values. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(textsIn)];
}

/** Texts and names aside, what is in it, in its order. */
function restOf(value: unknown): unknown {
  if (typeof value === "string") return "";
  if (typeof value !== "object" || value === null) return value;
  return Object.values(value).map(restOf);
}

test("whatever the secrets, and wherever they stand, a line is JSON, and they are in none of its texts", () => {
  const secrets = fc.array(anySecret, { minLength: 1, maxLength: 4 });
  const given = secrets.chain((hidden) => {
    const part = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom(...hidden));
    const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(""));
    const value = fc.oneof(
      text,
      text.map((one) => JSON.stringify({ one })),
      fc.integer(),
    );
    const details = fc.array(fc.tuple(text, fc.oneof(value, fc.array(value))), { maxLength: 4 });
    return fc.record({ hidden: fc.constant(hidden), details });
  });
  fc.assert(
    fc.property(given, ({ details, hidden }) => {
      const { lines, log } = linesAt("info", hidden);
      log("info", "x", { list: details.map(([name, value]) => ({ [name]: value })) });
      const line = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
      const texts = textsIn(line);
      for (const secret of hidden) {
        for (const text of texts) {
          expect(text).not.toContain(secret);
          expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
      }
      expect(restOf(Object.values(line).at(-1))).toEqual(
        details.map(([, value]) => [restOf(value)]),
      );
    }),
    { numRuns: 500 },
  );
});

test("a metric keeps its name whatever the password is", () => {
  const { lines, log } = linesAt("info", ["all", "Count"]);
  log("info", "metrics", { CallCount: 3 });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ CallCount: 3 });
});
