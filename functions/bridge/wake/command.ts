/** What stands in a doorbell message, read strictly: whoever may ring decides what is handled here. */
import { timeOf } from "../config/values.ts";
import type { Command, ReplayStart, Served } from "../core/wake.ts";

/** A command, or why it is none: what was given and what was expected. */
export type ReadCommand = Command | { readonly refused: string };

/** A ring has nothing to say, and a replay little. */
const MOST_CHARACTERS = 4096;

const EXPECTED =
  '{"version":1,"kind":"ring"} or {"version":1,"kind":"replay","startSequence":1}, see docs/doorbell.schema.json';

const KNOWN = new Set(["version", "kind", "stream", "consumer", "startSequence", "startTime"]);

/** Nanoseconds since 1970 are what NATS counts in: before 1678 and from 2262 on it takes a time for another one. */
const TIME =
  /^(19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** An empty or blank body is a plain ring. `now`: milliseconds since 1970. */
export function readBody(body: string, served: Served, now: number): ReadCommand {
  if (body.trim() === "") return { kind: "ring" };
  if (body.length > MOST_CHARACTERS) {
    return refused(`${body.length} characters`, `at most ${MOST_CHARACTERS}: ${EXPECTED}`);
  }
  try {
    return readCommand(JSON.parse(body), served, now);
  } catch {
    return refused(`${quoted(body)}, which is not JSON`, `nothing, or ${EXPECTED}`);
  }
}

export function readCommand(value: unknown, served: Served, now: number): ReadCommand {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refused(quoted(value), EXPECTED);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) return refused(`${quoted(unknown)} in it`, EXPECTED);
  if (given["version"] !== 1) return refused(`version ${quoted(given["version"])}`, "version 1");
  for (const name of ["stream", "consumer"] as const) {
    const wanted = given[name];
    if (wanted !== undefined && wanted !== served[name]) {
      return refused(
        `${name} ${quoted(wanted)}`,
        `${quoted(served[name])}: this bridge serves no other`,
      );
    }
  }
  switch (given["kind"]) {
    case "ring":
      return ring(given);
    case "replay":
      return replay(given, now);
    default:
      return refused(`kind ${quoted(given["kind"])}`, '"ring" or "replay"');
  }
}

function ring({ startSequence, startTime }: Readonly<Record<string, unknown>>): ReadCommand {
  if (startSequence === undefined && startTime === undefined) return { kind: "ring" };
  return refused(
    "a start in a ring",
    'it only with kind "replay": a ring goes on where the consumer stands',
  );
}

function replay(given: Readonly<Record<string, unknown>>, now: number): ReadCommand {
  const start = startOf(given["startSequence"], given["startTime"], now);
  return "refused" in start ? start : { kind: "replay", ...start };
}

type Start = ReplayStart | { readonly refused: string };

function startOf(sequence: unknown, time: unknown, now: number): Start {
  if ((sequence === undefined) === (time === undefined)) {
    const given = sequence === undefined ? "no start" : "two starts";
    return refused(given, "one of startSequence and startTime");
  }
  if (sequence === undefined) return startTimeOf(time, now);
  const isSequence = Number.isSafeInteger(sequence) && Number(sequence) >= 1;
  if (isSequence) return { startSequence: Number(sequence) };
  return refused(`startSequence ${quoted(sequence)}`, "a stream sequence, 1 or more");
}

function startTimeOf(time: unknown, now: number): Start {
  if (typeof time !== "string" || !TIME.test(time) || timeOf(time) === undefined) {
    const expected = "a time like 2026-11-21T13:00:00Z, on a day that exists, from 1970 on";
    return refused(`startTime ${quoted(time)}`, expected);
  }
  if (Date.parse(time) <= now) return { startTime: time };
  const expected = `one that is not in the future: it is ${new Date(now).toISOString()}`;
  return refused(`startTime ${quoted(time)}`, expected);
}

function refused(given: string, expected: string): { readonly refused: string } {
  return { refused: `given ${given}, expected ${expected}` };
}

/** As JSON, and not the whole of it when it is long. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
