/** The stream: whether it is there, whether the filter takes anything of it, and what of it may surprise. */
import { sqsWindowProblem } from "../bridge.ts";
import type { Config } from "../config.ts";
import { distance } from "../core/distance.ts";
import { LOCAL_API, type StreamAnswer } from "../source/api.ts";
import { SourceError } from "../source/source-error.ts";
import { streamNames } from "../source/window.ts";
import { ask, isDenied, type Nats } from "./ask.ts";
import type { Check, Passed } from "./checklist.ts";

/** Undefined where it may not be looked at, of which the check of the permissions warns. Throws when it is missing, or holds nothing for us. */
export async function lookAtStream(
  nats: Nats,
  check: Check,
): Promise<Passed<StreamAnswer | undefined>> {
  const { stream } = nats.config.consumer;
  const found = await readStream(nats);
  if (!found) return { value: undefined, text: `stream ${stream} may not be looked at: unchecked` };
  const beyond = filtersBeyond(nats.config.consumer.filterSubjects, found.config);
  if (beyond.length > 0) throw new Error(beyondText(nats.config, beyond, found.config));
  for (const surprise of streamSurprises(nats.config, found)) check.warn(surprise);
  const { num_replicas, retention } = found.config;
  const text = `stream ${stream}: ${found.state.messages} messages, retention ${retention}, replicas ${num_replicas}`;
  return { value: found, text };
}

async function readStream(nats: Nats): Promise<StreamAnswer | undefined> {
  const { stream } = nats.config.consumer;
  try {
    return await ask<StreamAnswer>(nats, nats.subjects.streamInfo, `stream ${stream}`);
  } catch (error) {
    if (error instanceof SourceError && error.end === "gone") throw await noStream(nats);
    if (!isDenied(error)) throw error;
    return undefined;
  }
}

/** With the names that may have been meant, where they may be read. */
export async function noStream({ config, session, subjects }: Nats): Promise<Error> {
  const {
    consumer: { stream },
    nats: { apiPrefix, timeoutMs },
  } = config;
  const names = await streamNames(session, subjects, {}, timeoutMs).catch(() => []);
  const where = apiPrefix === LOCAL_API ? "in this account" : `behind ${apiPrefix}`;
  return new Error(
    `there is no stream ${stream} ${where} (JETSTREAM_STREAM, NATS_JS_DOMAIN)${meant(stream, names)}`,
  );
}

const MOST_NAMES = 5;

function meant(stream: string, names: readonly string[]): string {
  if (names.length === 0) return "; `nats stream ls` shows those that are";
  const isNear = (name: string): boolean =>
    distance(name.toLowerCase(), stream.toLowerCase()) <= Math.max(2, stream.length / 3);
  const near = names.filter(isNear);
  if (near.length > 0) return `; did you mean ${near.slice(0, MOST_NAMES).join(" or ")}?`;
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return `; there are ${names.slice(0, MOST_NAMES).join(", ")}${more}`;
}

type StreamConfig = Pick<StreamAnswer["config"], "subjects" | "mirror" | "sources">;

/** Filters that take nothing which the stream stores. What a mirror or sources bring is not known here. */
export function filtersBeyond(
  filters: readonly string[],
  { mirror, sources, subjects }: StreamConfig,
): readonly string[] {
  if (mirror || (sources && sources.length > 0)) return [];
  return filters.filter((filter) => !subjects.some((subject) => overlap(filter, subject)));
}

/** Some subject fits both. `*` stands for one token, `>` at the end for one or more. */
export function overlap(one: string, other: string): boolean {
  const [left, right] = [one.split("."), other.split(".")];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [a, b] = [left[at], right[at]];
    if (a === undefined || b === undefined) return false;
    if (a === ">" || b === ">") return true;
    if (a !== b && a !== "*" && b !== "*") return false;
  }
  return true;
}

function beyondText(
  { consumer: { stream } }: Config,
  beyond: readonly string[],
  { subjects }: StreamConfig,
): string {
  return `JETSTREAM_FILTER_SUBJECTS: given ${beyond.join(", ")}, expected subjects that stream ${stream} stores: ${subjects.join(", ")}`;
}

const NANOS_PER_MS = 1_000_000;

/** Of a stream that can be used. */
export function streamSurprises(config: Config, found: StreamAnswer): readonly string[] {
  const { duplicate_window, mirror, num_replicas, retention } = found.config;
  const name = `stream ${config.consumer.stream}`;
  const surprises: string[] = [];
  if (num_replicas === 1 && found.cluster?.name !== undefined) {
    surprises.push(
      `${name} has one replica in a cluster: while its server is down nothing is forwarded, and a crash of it can repeat the last messages`,
    );
  }
  if (mirror && retention !== "limits") {
    surprises.push(
      `${name} is a mirror: what is settled here stays in ${mirror.name}, which nobody empties`,
    );
  }
  const windowMs = (duplicate_window ?? 0) / NANOS_PER_MS;
  const problem = sqsWindowProblem(config, windowMs);
  if (problem) {
    surprises.push(
      `the duplicate window of ${name} is ${windowMs} ms: ${problem.consequence}; ${problem.advice}`,
    );
  }
  return surprises;
}

/** What is acknowledged is deleted: a target that drops a message has lost it. */
export function deletesOnAck(found: StreamAnswer | undefined): boolean {
  return found !== undefined && found.config.retention !== "limits";
}
