// Dead letters of a real queue and a real bucket, sent again by the real command to a real server.
import { SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { headers as natsHeaders } from "@nats-io/transport-node";
import { describe, expect, test } from "vitest";
import { type Burial, localQueue, storedIn } from "../support/dead-letters.ts";
import { headers, message, utf8 } from "../support/messages.ts";
import { runCommand } from "../support/operator-command.ts";
import { upTo } from "../support/parts.ts";
import { readSqsMessage } from "../support/read-sqs-message.ts";
import { burials, eventsOf, type Kind, NANOS, receiptOf, redriving } from "../support/redrive.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();
const on = redriving(parts);

/** Its second token says which case it is. */
function subjectOf(
  stream: string,
  number: number,
  { subject }: Partial<Burial["message"]>,
): string {
  return [stream, number, ...(subject === undefined ? [] : [subject])].join(".");
}

describe.each<Kind>(["queue", "bucket"])("from a %s", (kind) => {
  const many = Object.fromEntries(upTo(12).map((number) => [`h${number}`, `v${number}`]));
  const CASES: Readonly<Record<string, Partial<Burial["message"]>>> = {
    text: { data: utf8(`{"a":12345678901234567890}`) },
    binary: { data: Uint8Array.from(upTo(256)) },
    empty: { data: new Uint8Array() },
    "one space": { data: utf8(" ") },
    "text that looks like base64": { data: utf8("aGVsbG8=") },
    "control characters": { data: utf8("before\u0001after\u001B\u0000") },
    "wide characters": { data: utf8("grüße, κόσμε, こんにちは, \uFEFFend") },
    "beyond 65535": {
      data: utf8(kind === "bucket" ? "🦀 \u{10FFFF}" : "the local SQS takes none"),
    },
    "broken UTF-8": { data: Uint8Array.from([0xf0, 0x9f, 0xa6]) },
    "twelve headers": { headers: headers(many) },
    "repeated headers": { headers: headers({ A: ["1", "2", "1"], B: "x", a: "3" }) },
    "odd headers": {
      headers: headers({
        "with space": "",
        ümlaut: "🦀",
        tab: "a\tb\u0001",
        "nats-id": "not ours",
      }),
    },
    "subject too long for metadata": { subject: "x".repeat(2500) },
    "headers too long for metadata": { headers: headers({ V: "v".repeat(5000) }) },
    traceparent: {
      headers: headers({ traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }),
    },
    // As base64 it is just below what SQS takes; and just below what the server takes.
    "as large as can be": {
      data: Uint8Array.from(upTo(kind === "queue" ? 780_000 : 1_048_300).map((at) => at % 251)),
    },
  };

  test("everything comes back byte for byte, and leaves the store", async () => {
    const stream = `MATRIX-${kind}`;
    const store = await on.place(stream, kind);
    const cases = Object.entries(CASES).map(([, given], number) =>
      message({
        ...given,
        stream,
        subject: subjectOf(stream, number, given),
        streamSequence: number + 1,
      }),
    );
    await store.bury(cases.map((one) => ({ message: one, letter: { tries: 2 } })));
    const ended = await on.redrive(store);
    expect([ended.code, receiptOf(ended)]).toMatchObject([
      0,
      { stop: "done", to: "stream", found: cases.length, sent: cases.length, left: 0 },
    ]);
    expect(await store.count()).toBe(0);
    const stored = await storedIn(parts.connection, stream);
    const names = Object.keys(CASES);
    const byName = (all: readonly { subject: string; data: Uint8Array; headers: object }[]) =>
      Object.fromEntries(
        all.map(({ data, headers: given, subject }) => [
          names[Number(subject.split(".")[1])],
          { hex: Buffer.from(data).toString("hex"), headers: given },
        ]),
      );
    const wanted = cases.map(
      ({ data, headers: given, streamSequence, subject, timestampNanos }) => {
        const id = `redrive/${stream}/${streamSequence}/${timestampNanos}/2`;
        return { subject, data, headers: new Map([...given, ["Nats-Msg-Id", [id]]]) };
      },
    );
    expect(byName(stored)).toEqual(byName(wanted));
  });

  test("a dry run prints what it would do, and changes nothing", async () => {
    const stream = `DRY-${kind}`;
    const store = await on.place(stream, kind);
    await store.bury(burials(stream, 13));
    const before = await store.count();
    for (const _ of [1, 2]) {
      const { code, lines, stderr } = await runCommand(
        ["redrive", ...store.args, "--dry-run", "--subject", `${stream}.*`],
        parts.sqs.environment,
      );
      expect([code, stderr]).toEqual([0, ""]);
      expect(lines.toSorted()).toContain(
        `${stream}/3/${NANOS + 2_000_000_000n}  ${stream}.2  too large  1 bytes  1 try`,
      );
      expect(lines.at(-1)).toBe("done: found 13, matched 13, sent 0, refused 0, failed 0, left 13");
    }
    expect(await store.count()).toBe(before);
    expect(await on.subjectsIn(stream)).toEqual([]);
  });

  test("by reason, subject, id, time and number; the others stay, and can be had at once", async () => {
    const stream = `SOME-${kind}`;
    const store = await on.place(stream, kind);
    await store.bury(burials(stream, 20, "eu."));
    await store.bury(
      burials(stream, 5, "us.").map((one, number) => ({
        message: { ...one.message, streamSequence: 100 + number },
        letter: { reason: `header ${number} is missing` },
      })),
    );
    const id = `${stream}/1/${NANOS}`;
    const time = (seconds: number): string =>
      new Date(Number(NANOS / 1_000_000n) + 1000 * seconds).toISOString();
    const steps: readonly (readonly [readonly string[], readonly string[]])[] = [
      [["--reason", "header 2"], ["us.2"]],
      [
        ["--subject", `${stream}.us.>`, "--reason", "missing"],
        ["us.0", "us.1", "us.3", "us.4"],
      ],
      [["--id", id, "--id", "other"], ["eu.0"]],
      [
        ["--since", time(5), "--until", time(7)],
        ["eu.5", "eu.6"],
      ],
    ];
    const wanted: string[] = [];
    for (const [args, tails] of steps) {
      const ended = await on.redrive(store, ...args);
      expect([ended.code, receiptOf(ended)]).toMatchObject([0, { sent: tails.length }]);
      wanted.push(...tails.map((tail) => `${stream}.${tail}`));
      expect(await on.subjectsIn(stream)).toEqual(wanted.toSorted());
    }
    const ended = await on.redrive(store, "--limit", "4");
    expect([ended.code, receiptOf(ended)]).toMatchObject([0, { stop: "limit", sent: 4 }]);
    expect(await on.subjectsIn(stream)).toHaveLength(12);
    expect(await store.count()).toBe(13);
  });

  test("with --same-id, a duplicate stored nothing: it is not deleted, and said", async () => {
    const stream = `SAME-${kind}`;
    const store = await on.place(stream, kind, { retention: "workqueue" });
    const [burial] = burials(stream, 1);
    await parts.jetstream.publish(`${stream}.0`, "0", { msgID: "own" });
    await parts.manager.streams.purge(stream); // consumed: the stream has it no more, and knows the id
    await store.bury([
      { message: { ...burial!.message, headers: headers({ "Nats-Msg-Id": "own" }) } },
    ]);
    const refused = await on.redrive(store, "--same-id");
    expect([refused.code, receiptOf(refused)]).toMatchObject([1, { sent: 0, refused: 1 }]);
    expect(eventsOf(refused)[0]).toMatchObject({
      event: "refused",
      reason: expect.stringMatching(/^duplicate: .*"?own/) as string,
    });
    expect([await store.count(), await on.subjectsIn(stream)]).toEqual([1, []]);
    // A new id is stored; the same letter once more is a duplicate of that, and now nobody has it any more.
    const sent = await on.redrive(store);
    expect([sent.code, receiptOf(sent)]).toMatchObject([0, { sent: 1 }]);
    expect([await store.count(), await on.subjectsIn(stream)]).toEqual([0, [`${stream}.0`]]);
    await store.bury([burial!]);
    await parts.manager.streams.purge(stream);
    const again = await on.redrive(store);
    expect([again.code, receiptOf(again)]).toMatchObject([1, { sent: 0, refused: 1 }]);
    expect([await store.count(), await on.subjectsIn(stream)]).toEqual([1, []]);
  });
});

test("a FIFO queue gives the letters of a subject in their order", async () => {
  const stream = "ORDERED";
  await parts.manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  const store = await localQueue(parts.sqs, "ORDERED-dead.fifo", stream);
  await store.bury(
    burials(stream, 30).map(({ message: one }, at) => ({
      message: { ...one, subject: `${stream}.${at % 2}` },
    })),
  );
  const ended = await on.redrive(store);
  expect([ended.code, receiptOf(ended)]).toMatchObject([0, { stop: "done", sent: 30 }]);
  const stored = await storedIn(parts.connection, stream);
  for (const group of [0, 1]) {
    const own = stored.filter(({ subject }) => subject === `${stream}.${group}`);
    expect(own.map(({ data }) => Number(String(data)))).toEqual(
      upTo(15).map((at) => 2 * at + group),
    );
  }
});

test("straight to the target: the entry that the bridge would have sent", async () => {
  const route = await parts.route("target", {
    deadLetters: true,
    queueAttributes: { MaximumMessageSize: "1024" },
  });
  const data = `${"x".repeat(2000)}\u0001`;
  const given = headers({ k: ["1", "2"], kind: "large" });
  await using bridge = route.start();
  const published = natsHeaders();
  for (const [name, values] of given) for (const value of values) published.append(name, value);
  parts.connection.publish("target.7", data, { headers: published });
  await bridge.waitFor("message-buried");
  await route.drained();
  await bridge.stop();
  const args = ["redrive", "--queue", route.deadLetterUrl, "--to-target", "--json"];
  const tooLarge = await runCommand(args, route.environment);
  expect([tooLarge.code, receiptOf(tooLarge)]).toMatchObject([1, { sent: 0, refused: 1 }]);
  await new SQSClient({ useQueueUrlAsEndpoint: false }).send(
    new SetQueueAttributesCommand({
      QueueUrl: route.queueUrl,
      Attributes: { MaximumMessageSize: "262144" },
    }),
  );
  const other = await runCommand(args, { ...route.environment, ORIGIN_NAME: "other" });
  expect([other.code, receiptOf(other)]).toMatchObject([1, { sent: 0, refused: 1 }]);
  const ended = await runCommand(args, route.environment);
  expect([ended.code, receiptOf(ended)]).toMatchObject([0, { sent: 1, refused: 0 }]);
  expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
  const [arrived, ...others] = await parts.sqs.receiveAll(route.queueUrl, { expected: 1 });
  expect(others).toEqual([]);
  const read = readSqsMessage(arrived!.raw);
  expect([read.data.toString(), read.headers]).toEqual([data, given]);
  const { "nats-id": id, "nats-subject": subject, ...rest } = arrived!.attributes;
  expect([id, subject]).toEqual([expect.stringMatching(/^target\/1\/\d+$/), "target.7"]);
  expect(Object.keys(rest).filter((name) => name.startsWith("dead-letter-"))).toEqual([]);
});
