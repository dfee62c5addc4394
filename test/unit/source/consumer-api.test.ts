import { expect, test } from "vitest";
import { apiSubjects } from "../../../functions/bridge/source/api.ts";
import { ConsumerApi } from "../../../functions/bridge/source/consumer-api.ts";
import { consumerConfig, type WantedConsumer } from "../../../functions/bridge/source/consumer.ts";
import { Session } from "../../../functions/bridge/source/session.ts";
import type { WireListener } from "../../../functions/bridge/source/wire.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";
import { FakeWire } from "../../support/fake-wire.ts";
import { utf8 } from "../../support/messages.ts";

const wanted: WantedConsumer = {
  stream: "S",
  consumer: "C",
  filterSubjects: ["a.>"],
  deliverPolicy: "all",
  ackWaitMs: 10_000,
  maxAckPending: 320,
  leastMaxAckPending: 160,
};
const FOUND = { created: "10:00", config: consumerConfig(wanted) };
const STREAM = { created: "09:00" };
const NOT_FOUND = { error: { code: 404, err_code: 10_014, description: "consumer not found" } };

interface Opened {
  readonly api: ConsumerApi;
  readonly session: Session;
  readonly wire: FakeWire;
  readonly said: string[];
  /** Answers what was asked last for this part of a subject. */
  readonly answer: (part: string, body: object) => Promise<void>;
  /** The names of the calls so far. */
  readonly calls: () => readonly string[];
}

async function open(change: Partial<WantedConsumer> = {}, version = "2.12.1"): Promise<Opened> {
  const wire = Object.assign(new FakeWire(), { serverVersion: version });
  const said: string[] = [];
  const dial = async (listener: WireListener): Promise<FakeWire> =>
    Object.assign(wire, { listener });
  const nobody = { delivery: () => undefined, status: () => undefined, ended: () => undefined };
  const session = await Session.open(dial, new FakeClock(), nobody);
  const api = new ConsumerApi({
    observe: (event) => said.push(event),
    wanted: { ...wanted, ...change },
    subjects: apiSubjects("$JS.API", "S", "C"),
    timeoutMs: 3000,
  });
  return {
    api,
    session,
    wire,
    said,
    async answer(part, body) {
      const at = wire.published.findLastIndex((published) => published.includes(part));
      wire.arrives(wire.replies[at] ?? "", { data: utf8(JSON.stringify(body)) });
      await settled();
    },
    calls: () => wire.published.map((published) => published.split(" ", 1)[0]?.slice(8) ?? ""),
  };
}

test("a consumer that is there and fits is taken, with one look at it and at its stream", async () => {
  const { answer, api, calls, said, session } = await open();
  const found = api.ensure(session, "create");
  await answer("CONSUMER.INFO", FOUND);
  await answer("STREAM.INFO", STREAM);
  expect(await found).toEqual({ info: [FOUND, STREAM], made: false });
  expect(calls()).toEqual(["CONSUMER.INFO.S.C", "STREAM.INFO.S"]);
  expect(said).toEqual([]);
});

test("a consumer that is missing is made where that is allowed, and only if nobody else has", async () => {
  const { answer, api, calls, session, wire } = await open();
  const made = api.ensure(session, "create");
  await answer("CONSUMER.INFO", NOT_FOUND);
  expect(calls().at(-1)).toBe("CONSUMER.CREATE.S.C.a.>");
  const [, payload = ""] = wire.published.at(-1)?.split(/ (.*)/s) ?? [];
  expect(JSON.parse(payload)).toEqual({
    stream_name: "S",
    config: consumerConfig(wanted),
    action: "create",
  });
  await answer("CONSUMER.CREATE", FOUND);
  await answer("CONSUMER.INFO", FOUND);
  await answer("STREAM.INFO", STREAM);
  expect(await made).toMatchObject({ made: true });
});

test("the consumer of a replay is made with the end that the stream has then, and found with it", async () => {
  const temporary = { inactiveMs: 60_000 };
  const first = await open({ temporary });
  const made = first.api.ensure(first.session, "create");
  await first.answer("STREAM.INFO", { ...STREAM, config: {}, state: { last_seq: 24 } });
  await first.answer("CONSUMER.INFO", NOT_FOUND);
  const [, payload = ""] = first.wire.published.at(-1)?.split(/ (.*)/s) ?? [];
  const { config } = JSON.parse(payload) as { readonly config: object };
  expect(config).toEqual(consumerConfig({ ...wanted, temporary }, 24));
  await first.answer("CONSUMER.CREATE", { ...FOUND, config });
  await first.answer("CONSUMER.INFO", { ...FOUND, config });
  await first.answer("STREAM.INFO", STREAM);
  await made;

  const again = await open({ temporary });
  const found = again.api.ensure(again.session, "create");
  const later = { ...STREAM, config: {}, state: { last_seq: 34 } };
  await again.answer("STREAM.INFO", later);
  await again.answer("CONSUMER.INFO", { ...FOUND, config });
  await again.answer("STREAM.INFO", later);
  expect(await found).toEqual({ info: [{ ...FOUND, config }, later], made: false });
});

test.each(["verify", "none"] as const)(
  "with %s a consumer that is missing is gone",
  async (management) => {
    const { answer, api, calls, session } = await open();
    const failure = api.ensure(session, management).catch((error: unknown) => error);
    await answer("CONSUMER.INFO", NOT_FOUND);
    expect(await failure).toMatchObject({ end: "gone" });
    expect(calls().filter((call) => call.startsWith("CONSUMER.CREATE"))).toEqual([]);
  },
);

test("a consumer that does not fit is refused with all that differs, and with advice", async () => {
  const { answer, api, session } = await open();
  const failure = api.ensure(session, "create").catch((error: unknown) => error);
  const config = { ...FOUND.config, max_deliver: 3, headers_only: true };
  await answer("CONSUMER.INFO", { ...FOUND, config });
  await answer("STREAM.INFO", STREAM);
  const error = (await failure) as Error & { end: string };
  expect(error.end).toBe("refused");
  for (const part of ["max_deliver is 3", "headers_only is true", "JETSTREAM_CONSUMER"]) {
    expect(error.message).toContain(part);
  }
});

test("with none a consumer is taken as it is", async () => {
  const { answer, api, session } = await open();
  const found = api.ensure(session, "none");
  const other = { ...FOUND, config: { ...FOUND.config, max_deliver: 3 } };
  await answer("CONSUMER.INFO", other);
  await answer("STREAM.INFO", STREAM);
  expect((await found).info[0]).toEqual(other);
});

test("what may surprise about a consumer is said", async () => {
  const { answer, api, said, session } = await open({ ackWaitMs: 30_000 });
  const found = api.ensure(session, "verify");
  await answer("CONSUMER.INFO", FOUND);
  await answer("STREAM.INFO", STREAM);
  await found;
  expect(said).toEqual(["consumer-differs"]);
});

test("without the permission to look at the stream the bridge goes on, and says so once", async () => {
  const { answer, api, calls, said, session, wire } = await open();
  const first = api.info(session);
  const subject = "$JS.API.STREAM.INFO.S";
  wire.listener.trouble({ kind: "denied", subject, error: new Error("denied") });
  await answer("CONSUMER.INFO", FOUND);
  expect(await first).toEqual([FOUND, undefined]);
  const second = api.info(session);
  await answer("CONSUMER.INFO", FOUND);
  expect(await second).toEqual([FOUND, undefined]);
  expect(said).toEqual(["stream-not-readable"]);
  expect(calls().filter((call) => call.startsWith("STREAM"))).toHaveLength(1);
});

test("several filters need a server that has them, and are refused before one is made without any", async () => {
  const { answer, api, calls, session } = await open({ filterSubjects: ["a", "b"] }, "2.9.10");
  const failure = api.ensure(session, "create").catch((error: unknown) => error);
  await answer("CONSUMER.INFO", NOT_FOUND);
  expect(((await failure) as Error).message).toContain("2.9.10");
  expect(calls().filter((call) => call.startsWith("CONSUMER.CREATE"))).toEqual([]);
});

test("servers before 2.10 are not asked what they do not know", async () => {
  const { answer, api, session, wire } = await open({}, "2.9.10");
  const made = api.ensure(session, "create");
  await answer("CONSUMER.INFO", NOT_FOUND);
  expect(wire.published.at(-1)).not.toContain('"action"');
  await answer("CONSUMER.CREATE", FOUND);
  await answer("CONSUMER.INFO", FOUND);
  await answer("STREAM.INFO", STREAM);
  expect((await made).made).toBe(true);
});
