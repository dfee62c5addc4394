/** What `consumer` does, over a consumer that is open; each answers with the exit code. */
import type { ConsumerAnswer, StreamAnswer } from "../../functions/bridge/source/api.ts";
import { differences, filtersOf } from "../../functions/bridge/source/consumer.ts";
import {
  type ConsumerUpdate,
  isOurs,
  shown,
  updateOf,
  type UpdateWanted,
} from "../../functions/bridge/source/consumer-update.ts";
import { isBefore210 } from "../../functions/bridge/source/incarnation.ts";
import type { OpenConsumer } from "./api.ts";
import { filterChange, isKept, positionOf, type Retention } from "./position.ts";
import { type Lines, positionText, type Receipt } from "./say.ts";

export interface At {
  readonly open: OpenConsumer;
  readonly wanted: UpdateWanted;
  readonly say: Lines;
}

export async function show({ open, say, wanted }: At): Promise<number> {
  const [found] = await open.info();
  const differing = differences(found.config, wanted);
  const { changes } = updateOf(found.config, wanted);
  say.shown({
    stream: wanted.stream,
    consumer: wanted.consumer,
    ours: isOurs(found.config),
    position: positionOf(found),
    settings: shown(found.config),
    differences: differing,
    changes,
  });
  return differing.length + changes.length === 0 ? 0 : 1;
}

export async function update(
  { open, say, wanted }: At,
  { dryRun, force }: { readonly dryRun: boolean; readonly force: boolean },
): Promise<number> {
  const [found, stream] = await open.info();
  const plan = updateOf(found.config, wanted);
  const before = positionOf(found);
  const receipt = receiptFor("consumer update", wanted, { changed: 0, before });
  plan.changes.forEach((change) => say.change(change));
  const meaning = filterChange(
    filtersOf(found.config),
    filtersOf(plan.config),
    before,
    retentionOf(stream),
  );
  [...meaning.notes, ...notesOf(plan)].forEach((note) => say.note(note));
  const reasons = [
    ...plan.refused.map((one) => `${one}; ${ANOTHER_NAME}`),
    ...tooManyFilters(plan, open.serverVersion),
    ...(plan.changes.length === 0 || force ? [] : foreign(found)),
    ...(meaning.danger === undefined || force ? [] : [`${meaning.danger}; ${SETTLE_FIRST}`]),
  ];
  if (reasons.length > 0) return (say.receipt({ ...receipt, stop: "refused", reasons }), 1);
  if (dryRun)
    return (say.receipt({ ...receipt, stop: "dry run", changed: plan.changes.length }), 0);
  if (plan.changes.length === 0) return (say.receipt(receipt), 0);
  await open.change(plan.config as ConsumerAnswer["config"]);
  return checked({ open, say, wanted }, found, { ...receipt, changed: plan.changes.length });
}

/** What the server has made of it, and whether it is where it was. */
async function checked(
  { open, say, wanted }: At,
  found: ConsumerAnswer,
  receipt: Receipt,
): Promise<number> {
  const [now] = await open.info();
  const left = updateOf(now.config, wanted).changes.map(
    ({ setting }) => `${setting} is not as it was sent: the server took something else`,
  );
  const lost = isKept(found, now) ? [] : ["the position is not what it was: look at it with show"];
  const reasons = [...lost, ...left];
  const stop = reasons.length === 0 ? "done" : "failed";
  return ended(say, { ...receipt, stop, reasons, after: positionOf(now) });
}

export async function remove(
  { open, say, wanted }: At,
  { force, isAgreed }: { readonly force: boolean; readonly isAgreed: () => Promise<boolean> },
): Promise<number> {
  const [found, stream] = await open.info();
  const before = positionOf(found);
  const receipt = receiptFor("consumer delete", wanted, { changed: 0, before });
  say.note(`This position would be lost: ${positionText(before)}.`);
  say.note(LOST_WITH_IT[retentionOf(stream)]);
  const reasons = force ? [] : foreign(found);
  if (reasons.length > 0) return (say.receipt({ ...receipt, stop: "refused", reasons }), 1);
  if (!(await isAgreed())) {
    return (say.receipt({ ...receipt, stop: "refused", reasons: [NOT_AGREED] }), 1);
  }
  await open.remove();
  return (say.receipt(receipt), 0);
}

const ANOTHER_NAME =
  "NATS cannot change it: give the bridge a consumer of another name (JETSTREAM_CONSUMER), or the environment this value";
const SETTLE_FIRST =
  "stop the bridge, which settles what it holds, and start it before if it had crashed; or say --force";
const NOT_AGREED = "nothing was done: it needs a yes, or --yes beforehand";
/** What a change of a setting leaves to be done. */
const AFTERWARDS: Readonly<Record<string, string>> = {
  ack_wait:
    "A service that runs goes by the ack wait that it found at its start: restart it. A function asks with each run.",
  max_deliver:
    "What had reached max_deliver is not delivered again: a replay, or a consumer of another name, brings it.",
};

const LOST_WITH_IT: Readonly<Record<Retention, string>> = {
  limits: "A consumer that is made anew under this name begins where its deliver policy says.",
  workqueue:
    "A consumer that is made anew under this name begins with all that the work queue still holds.",
  interest:
    "The retention of the stream is by interest: what is pending or unsettled, and what no other consumer wants, is removed with it.",
  unknown:
    "A consumer that is made anew begins where its deliver policy says; on a stream whose retention is by interest, which this user may not read, what is pending is removed with it.",
};

/** The last line; answers with the exit code. */
function ended(say: Lines, receipt: Receipt): number {
  say.receipt(receipt);
  return receipt.stop === "done" || receipt.stop === "dry run" ? 0 : 1;
}

function receiptFor(
  command: Receipt["command"],
  { consumer, stream }: UpdateWanted,
  facts: Pick<Receipt, "changed" | "before">,
): Receipt {
  return { command, stream, consumer, stop: "done", reasons: [], ...facts };
}

function foreign(found: ConsumerAnswer): readonly string[] {
  if (isOurs(found.config)) return [];
  const { description } = found.config;
  const said = description ? JSON.stringify(description) : "nothing";
  return [
    `this project has not made it (its description is ${said}); --force does it all the same`,
  ];
}

/** Older servers would take none of them, and deliver everything. */
function tooManyFilters({ config }: ConsumerUpdate, version: string): readonly string[] {
  if ((config.filter_subjects ?? []).length < 2 || !isBefore210(version)) return [];
  return [
    `several JETSTREAM_FILTER_SUBJECTS need nats-server 2.10 or later, and this one is ${version}`,
  ];
}

function notesOf({ changes }: ConsumerUpdate): readonly string[] {
  return changes.flatMap(({ setting }) => AFTERWARDS[setting] ?? []);
}

function retentionOf(stream: StreamAnswer | undefined): Retention {
  return stream?.config.retention ?? "unknown";
}
