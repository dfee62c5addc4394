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

test("whatever the secret, and wherever it stands, it is not in the line", () => {
  const secret = fc
    .string({ unit: "grapheme", minLength: 3, maxLength: 20 })
    .filter((text) => !"***".includes(text));
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (hidden, before, after) => {
      const { lines, log } = linesAt("info", [hidden]);
      log("info", "x", { reason: `${before}${hidden}${after}` });
      expect(lines[0]).not.toContain(JSON.stringify(hidden).slice(1, -1));
    }),
  );
});
