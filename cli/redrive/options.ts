/** What can be said after `redrive`. */
import { parseArgs } from "node:util";
import {
  bucketOf,
  nameOf,
  queueUrlOf,
  subjectsOf,
  timeOf,
} from "../../functions/bridge/config/values.ts";
import { parseDuration } from "../../functions/bridge/core/duration.ts";
import type { Filter } from "./filter.ts";

export interface RedriveOptions {
  readonly from:
    | { readonly kind: "queue"; readonly url: string }
    | { readonly kind: "bucket"; readonly name: string; readonly prefix: string };
  /** To the bridge's target, and not back to the stream. */
  readonly toTarget: boolean;
  readonly filter: Filter;
  readonly limit?: number;
  /** Messages per second. */
  readonly rate?: number;
  readonly sameId: boolean;
  readonly stream?: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export type Parsed =
  | { readonly kind: "run"; readonly options: RedriveOptions }
  | { readonly kind: "help" }
  /** `NAME: given …, expected …` */
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

const FLAG = { type: "boolean", default: false } as const;
const TEXT = { type: "string" } as const;

const OPTIONS = {
  queue: TEXT,
  bucket: TEXT,
  prefix: TEXT,
  "to-target": FLAG,
  reason: TEXT,
  subject: TEXT,
  since: TEXT,
  until: TEXT,
  id: { type: "string", multiple: true, default: [] as string[] },
  limit: TEXT,
  rate: TEXT,
  "same-id": FLAG,
  stream: TEXT,
  "dry-run": FLAG,
  yes: FLAG,
  json: FLAG,
  help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** `nowMs`: milliseconds since 1970, for times that are given as so long ago. */
export function parse(args: readonly string[], nowMs: number): Parsed {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    return values.help ? { kind: "help" } : checked(values, nowMs);
  } catch (error) {
    return { kind: "wrong", problems: [(error as Error).message.replace(/\. To specify.*$/s, "")] };
  }
}

function checked(values: Values, nowMs: number): Parsed {
  const problems: string[] = [];
  const wrong = (name: string, given: string, expected: string): undefined => {
    problems.push(`--${name}: given ${given}, expected ${expected}`);
  };
  function read<T>(name: keyof Values, expected: string, of: (text: string) => T | undefined) {
    const text = values[name];
    if (typeof text !== "string") return undefined;
    return of(text) ?? wrong(name, JSON.stringify(text), expected);
  }
  const time = (name: "since" | "until"): bigint | undefined =>
    read(name, "a time like 2026-11-21T13:00:00Z, or so long ago, like 90m or 2d", (text) =>
      nanosOf(text, nowMs),
    );

  const url = read("queue", "the URL of a queue", queueUrlOf);
  const bucket = read("bucket", "the name of a bucket", bucketOf);
  if ((values.queue === undefined) === (values.bucket === undefined)) {
    const given = values.queue === undefined ? "nothing" : "it beside --bucket";
    wrong("queue", given, "either --queue URL or --bucket NAME, where the dead letters are");
  }
  if (values.prefix !== undefined && values.bucket === undefined) {
    wrong("prefix", JSON.stringify(values.prefix), "it only with --bucket");
  }
  for (const name of ["same-id", "stream"] as const) {
    if (values[name] && values["to-target"]) wrong(name, "it", "it only without --to-target");
  }
  const reason = values.reason;
  const subject = read("subject", "a subject, wildcards allowed, like orders.eu.>", (text) =>
    text.includes(",") ? undefined : subjectsOf(text)?.[0],
  );
  const [since, until] = [time("since"), time("until")];
  const limit = read("limit", "a whole number from 1", wholeOf);
  const rate = read("rate", "messages per second, more than 0, like 50 or 0.5", rateOf);
  const stream = read("stream", "the name of a stream", nameOf);
  if (problems.length > 0) return { kind: "wrong", problems };
  const filter = {
    ids: values.id,
    ...(reason !== undefined && { reason }),
    ...(subject !== undefined && { subject }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
  return {
    kind: "run",
    options: {
      from: url
        ? { kind: "queue", url }
        : { kind: "bucket", name: bucket ?? "", prefix: values.prefix ?? "" },
      toTarget: values["to-target"],
      filter,
      ...(limit !== undefined && { limit }),
      ...(rate !== undefined && { rate }),
      sameId: values["same-id"],
      ...(stream !== undefined && { stream }),
      dryRun: values["dry-run"],
      yes: values.yes,
      json: values.json,
    },
  };
}

function nanosOf(text: string, nowMs: number): bigint | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return BigInt(Math.round(nowMs - ago)) * 1_000_000n;
  return timeOf(text) === undefined ? undefined : BigInt(Date.parse(text)) * 1_000_000n;
}

function wholeOf(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function rateOf(text: string): number | undefined {
  const rate = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return rate > 0 ? rate : undefined;
}
