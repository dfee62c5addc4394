import { describe, expect, test } from "vitest";
import { parse, type RedriveOptions } from "../../../cli/redrive/options.ts";

const QUEUE = ["--queue", "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-dead"];
const NOW = Date.parse("2026-11-21T13:00:00Z");

function options(...args: readonly string[]): RedriveOptions {
  const parsed = parse(args, NOW);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

function problems(...args: readonly string[]): readonly string[] {
  const parsed = parse(args, NOW);
  return parsed.kind === "wrong" ? parsed.problems : [];
}

test("a queue alone means all of it, back to its stream, with new ids", () => {
  expect(options(...QUEUE)).toEqual({
    from: { kind: "queue", url: QUEUE[1] },
    toTarget: false,
    filter: { ids: [] },
    sameId: false,
    dryRun: false,
    yes: false,
    json: false,
  });
});

test("everything that can be said is read", () => {
  const args = "--bucket dead --prefix ORDERS/ --reason large --subject a.> --id x --id y".split(
    " ",
  );
  const more = "--limit 5 --rate 0.5 --same-id --stream ORDERS --dry-run --yes --json".split(" ");
  expect(options(...args, ...more)).toEqual({
    from: { kind: "bucket", name: "dead", prefix: "ORDERS/" },
    toTarget: false,
    filter: { ids: ["x", "y"], reason: "large", subject: "a.>" },
    limit: 5,
    rate: 0.5,
    sameId: true,
    stream: "ORDERS",
    dryRun: true,
    yes: true,
    json: true,
  });
});

test.each([
  ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z"],
  ["2026-11-21T13:30:00+01:00", "2026-11-21T12:30:00Z"],
  ["90m", "2026-11-21T11:30:00Z"],
  ["2d", "2026-11-19T13:00:00Z"],
])("--since %s is %s", (text, time) => {
  const nanos = BigInt(Date.parse(time)) * 1_000_000n;
  expect(options(...QUEUE, "--since", text).filter.since).toBe(nanos);
  expect(options(...QUEUE, "--until", text).filter.until).toBe(nanos);
});

describe("what is refused, with what would be right", () => {
  test.each([
    [["--queue", "orders"], `--queue: given "orders", expected the URL of a queue`],
    [["--bucket", "Not A Bucket"], /^--bucket: given "Not A Bucket"/],
    [[], /^--queue: given nothing, expected either --queue URL or --bucket NAME/],
    [[...QUEUE, "--bucket", "dead"], /^--queue: given it beside --bucket/],
    [[...QUEUE, "--prefix", "x"], `--prefix: given "x", expected it only with --bucket`],
    [[...QUEUE, "--subject", "a,b"], /^--subject: given "a,b"/],
    [[...QUEUE, "--subject", "a..b"], /^--subject/],
    [[...QUEUE, "--since", "yesterday"], /^--since: given "yesterday", expected a time like/],
    [[...QUEUE, "--limit", "0"], /^--limit: given "0"/],
    [[...QUEUE, "--rate", "0"], /^--rate: given "0"/],
    [[...QUEUE, "--stream", "a.b"], /^--stream: given "a.b"/],
    [[...QUEUE, "--to-target", "--same-id"], /^--same-id: .* only without --to-target/],
    [[...QUEUE, "--quiet"], "Unknown option '--quiet'"],
    [[...QUEUE, "more"], /Unexpected argument 'more'/],
    [[...QUEUE, "--limit"], /--limit/],
  ])("%j", (args, problem) => {
    const [first, ...others] = problems(...args);
    expect(others).toEqual([]);
    expect(first).toMatch(problem);
  });

  test("all at once", () => {
    expect(problems("--limit", "x", "--rate", "y", "--prefix", "z")).toHaveLength(4);
  });
});

test("--help wins over what else is said", () => {
  expect(parse(["--help"], NOW)).toEqual({ kind: "help" });
});
