// What a redrive does not send, or not all of; and what it does not take on its command line.
import { describe, expect, test } from "vitest";
import { type Burial, type localBucket, localQueue, storedIn } from "../support/dead-letters.ts";
import { headers } from "../support/messages.ts";
import { runCommand } from "../support/operator-command.ts";
import { startParts } from "../support/parts.ts";
import { burials, eventsOf, NANOS, receiptOf, redriving } from "../support/redrive.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();
const on = redriving(parts);

test("tight permissions do: to publish, and to hear the answer; what is denied is refused", async () => {
  const stream = "TIGHT";
  const permissions = `{ publish: { allow: ["${stream}.allowed"] }, subscribe: { allow: ["_MINE.>"] } }`;
  await using own = await startParts({
    config: `no_auth_user: all
      authorization { users: [
        { user: all, password: all }
        { user: few, password: few, permissions: ${permissions} }
      ] }`,
  });
  await own.manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  const store = await localQueue(parts.sqs, "TIGHT-dead", stream);
  const [one] = burials(stream, 1);
  for (const [number, tail] of ["allowed", "denied"].entries()) {
    const subject = `${stream}.${tail}`;
    await store.bury([{ message: { ...one!.message, subject, streamSequence: number + 1 } }]);
  }
  const few = { NATS_USER: "few", NATS_PASSWORD: "few", NATS_INBOX_PREFIX: "_MINE" };
  const ended = await runCommand(
    ["redrive", ...store.args, "--json"],
    on.environment({ NATS_URL: own.server.url, ...few }),
  );
  expect([ended.code, receiptOf(ended)]).toMatchObject([1, { sent: 1, refused: 1 }]);
  expect(ended.lines.join("\n")).toMatch(/"refused".*ermissions.*TIGHT\.denied/);
  expect((await storedIn(own.connection, stream)).length).toBe(1);
});

test("what the server will not take is refused with its reason, and stays", async () => {
  const stream = "REFUSED";
  const store = (await on.place(stream, "bucket", { max_msg_size: 1000 })) as Awaited<
    ReturnType<typeof localBucket>
  >;
  const [one] = burials(stream, 1);
  const of = (given: Partial<Burial["message"]>, streamSequence: number): Burial => ({
    message: { ...one!.message, ...given, streamSequence },
  });
  await store.bury([
    of({ subject: "NOBODY.listens" }, 1),
    of({ data: new Uint8Array(2000) }, 2),
    of({ data: new Uint8Array(1_048_576) }, 3),
    of({ subject: "$JS.API.STREAM.PURGE.REFUSED" }, 4),
  ]);
  await store.put("note.txt", "no dead letter");
  const before = await store.count();
  const ended = await on.redrive(store);
  expect([ended.code, receiptOf(ended)]).toMatchObject([
    1,
    { stop: "done", refused: 5, failed: 0 },
  ]);
  const reasons = Object.fromEntries(eventsOf(ended).map(({ id, reason }) => [id, reason]));
  expect(reasons).toMatchObject({
    [`${stream}/1/${NANOS}`]: `no stream listens to "NOBODY.listens"`,
    [`${stream}/2/${NANOS}`]: expect.stringMatching(/exceeds maximum/) as string,
    [`${stream}/3/${NANOS}`]: expect.stringMatching(/takes 1048576 \(max_payload\)/) as string,
    [`${stream}/4/${NANOS}`]: expect.stringMatching(/subject of the server itself/) as string,
    "note.txt": "no dead letter of a bridge: nats-id is missing",
  });
  expect(await store.count()).toBe(before);
});

test("headers that told the server what to do are left out, which is said; --stream is held", async () => {
  const stream = "CONTROL";
  const store = await on.place(stream, "queue", { allow_rollup_hdrs: true });
  await parts.jetstream.publish(`${stream}.kept`, "must not be rolled up");
  const [one] = burials(stream, 1);
  const given = { "Nats-Rollup": "all", "Nats-Expected-Last-Sequence": "1", a: "1" };
  await store.bury([{ message: { ...one!.message, headers: headers(given) } }]);
  const refused = await on.redrive(store, "--stream", "OTHER");
  expect([refused.code, receiptOf(refused)]).toMatchObject([1, { refused: 1 }]);
  expect(String(eventsOf(refused)[0]?.["reason"])).toMatch(/expected stream does not match/);
  const ended = await on.redrive(store, "--stream", stream);
  expect([ended.code, receiptOf(ended)]).toMatchObject([0, { sent: 1 }]);
  const [event] = eventsOf(ended);
  expect([...(event!["leftOut"] as string[])].toSorted()).toEqual([
    "Nats-Expected-Last-Sequence",
    "Nats-Rollup",
  ]);
  const stored = await storedIn(parts.connection, stream);
  expect(stored.map(({ subject }) => subject)).toEqual([`${stream}.kept`, `${stream}.0`]);
  expect(ended.stderr).toMatch(/every consumer of the stream sees them again/);
});

describe("usage", () => {
  test.each([
    [["--version"], 0, /^\d+\.\d+\.\d+$/, /^$/],
    [["--help"], 0, /redrive/, /^$/],
    [["redrive", "--help"], 0, /--same-id/, /^$/],
    [[], 2, /^$/, /command: given nothing, expected one of: redrive/],
    [["revive"], 2, /^$/, /command: given "revive"/],
    [["redrive"], 2, /^$/, /--queue: given nothing.*\nUsage: /],
    [["redrive", "--bucket", "dead", "--fast"], 2, /^$/, /Unknown option '--fast'\nUsage: /],
    [["redrive", "--bucket", "dead"], 2, /^$/, /^NATS_URL: given nothing, expected nats:/],
    [["redrive", "--bucket", "dead", "--to-target"], 2, /^$/, /JETSTREAM_STREAM: given nothing/],
  ])("%j ends with %i", async (args, exit, onOutput, onError) => {
    const { code, lines, stderr } = await runCommand(args, {});
    expect(code).toBe(exit);
    expect(lines.join("\n")).toMatch(onOutput);
    expect(stderr).toMatch(onError);
  });
});
