/**
 * How a consumer that exists becomes the one that the bridge wants, without losing its position: what is changed, and
 * what NATS cannot change.
 */
import type { ConsumerConfig } from "@nats-io/jetstream";
import { formatDuration } from "../core/duration.ts";
import { differences, filtersOf, MADE_BY_US, type WantedConsumer } from "./consumer.ts";

type Settings = Partial<ConsumerConfig>;

export interface UpdateWanted extends WantedConsumer {
  /** Settings that somebody has named: they replace one that would fit too. */
  readonly named: { readonly ackWait: boolean; readonly maxAckPending: boolean };
  /** Defaults are those of this bridge: in a consumer of our own making they count as if they were named. */
  readonly knowsTarget: boolean;
}

/** Null: not set. Durations as NATS writes them. No filter: all subjects. */
export type Value = string | number | boolean | readonly string[] | null;

export interface Change {
  /** NATS's own name of it; `filter` for either of the two that hold filters. */
  readonly setting: string;
  readonly before: Value;
  readonly after: Value;
}

export interface ConsumerUpdate {
  /** Empty: it is as wanted, or nothing can be done about it. */
  readonly changes: readonly Change[];
  /** What keeps it from fitting, and cannot be changed: as `differences` says it. */
  readonly refused: readonly string[];
  /** All settings with the changes: what is left out of an update, the server would set to its default. */
  readonly config: Settings;
}

/** What was found → what it becomes. Nothing that fits is touched. */
export function updateOf(found: Settings, wanted: UpdateWanted): ConsumerUpdate {
  const exact = exactly(found, wanted);
  const config = CHANGES.reduce((before, change) => change(before, exact), found);
  return { changes: changesOf(found, config), refused: differences(config, wanted), config };
}

/** By this project; whoever changes the description makes it his own. */
export function isOurs({ description }: Settings): boolean {
  return description === MADE_BY_US;
}

function exactly(found: Settings, wanted: UpdateWanted): UpdateWanted {
  const isKnown = wanted.knowsTarget && isOurs(found);
  return isKnown ? { ...wanted, named: { ackWait: true, maxAckPending: true } } : wanted;
}

type Changing = (config: Settings, wanted: UpdateWanted) => Settings;

const CHANGES: readonly Changing[] = [
  unlimitedDeliveries,
  roomForAllThatIsHeld,
  ackWaitInTime,
  wantedFilters,
  withPayloads,
  forEverybody,
  forGood,
];

const NANOS_PER_MS = 1_000_000;

/** The pauses of `backoff` go with the limit: the server takes them only together. */
function unlimitedDeliveries(config: Settings): Settings {
  const { backoff, ...rest } = config;
  const isLimited = (config.max_deliver ?? -1) > 0;
  return isLimited || (backoff && backoff.length > 0) ? { ...rest, max_deliver: -1 } : config;
}

function roomForAllThatIsHeld(config: Settings, wanted: UpdateWanted): Settings {
  const { leastMaxAckPending, maxAckPending, named } = wanted;
  const now = config.max_ack_pending ?? -1;
  const isTooLittle = now > 0 && now < leastMaxAckPending;
  const isOther = named.maxAckPending && now !== maxAckPending;
  return isTooLittle || isOther ? { ...config, max_ack_pending: maxAckPending } : config;
}

function ackWaitInTime(config: Settings, wanted: UpdateWanted): Settings {
  const { ackWaitMs, mostAckWaitMs = Number.POSITIVE_INFINITY, named } = wanted;
  const nowMs = (config.ack_wait ?? 0) / NANOS_PER_MS;
  const isOther = named.ackWait && nowMs !== ackWaitMs;
  return nowMs > mostAckWaitMs || isOther
    ? { ...config, ack_wait: ackWaitMs * NANOS_PER_MS }
    : config;
}

function wantedFilters(config: Settings, { filterSubjects }: UpdateWanted): Settings {
  const { filter_subject: _one, filter_subjects: _several, ...rest } = config;
  const [single, ...more] = filterSubjects;
  if (filtersOf(config).join(",") === filtersOf({ filter_subjects: [...filterSubjects] }).join(","))
    return config;
  if (more.length > 0) return { ...rest, filter_subjects: [...filterSubjects] };
  return single === undefined ? rest : { ...rest, filter_subject: single };
}

function withPayloads(config: Settings): Settings {
  const { headers_only: isCut, ...rest } = config;
  return isCut ? rest : config;
}

function forEverybody(config: Settings): Settings {
  const {
    priority_groups: _groups,
    priority_policy: policy,
    priority_timeout: _,
    ...rest
  } = config;
  return policy && policy !== "none" ? rest : config;
}

/** Else the server would delete it, and its position, when nobody pulls for so long. */
function forGood(config: Settings): Settings {
  const { inactive_threshold: threshold, ...rest } = config;
  return threshold ? rest : config;
}

function changesOf(found: Settings, config: Settings): readonly Change[] {
  const [before, after] = [shown(found), shown(config)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .map((setting) => ({
      setting,
      before: before[setting] ?? null,
      after: after[setting] ?? null,
    }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

/** The settings that decide what a bridge gets, as people read them. */
export function shown(config: Settings): Readonly<Record<string, Value>> {
  const duration = (nanos: number): string => formatDuration(nanos / NANOS_PER_MS);
  return {
    filter: filtersOf(config),
    deliver_policy: config.deliver_policy ?? null,
    ...(config.opt_start_seq !== undefined && { opt_start_seq: config.opt_start_seq }),
    ...(config.opt_start_time !== undefined && { opt_start_time: config.opt_start_time }),
    ack_policy: config.ack_policy ?? null,
    ack_wait: duration(config.ack_wait ?? 0),
    max_ack_pending: config.max_ack_pending ?? -1,
    max_deliver: config.max_deliver ?? -1,
    replay_policy: config.replay_policy ?? null,
    ...(config.backoff && { backoff: config.backoff.map(duration) }),
    ...(config.deliver_subject && { deliver_subject: config.deliver_subject }),
    ...(config.headers_only && { headers_only: true }),
    ...(config.inactive_threshold && { inactive_threshold: duration(config.inactive_threshold) }),
    ...(config.priority_policy && { priority_policy: config.priority_policy }),
    ...(config.priority_groups && { priority_groups: config.priority_groups }),
  };
}
