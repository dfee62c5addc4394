import { expect, test } from "vitest";
import {
  apiSubjects,
  ConsumerNotFound,
  publishedOf,
  readAnswer,
} from "../../../functions/bridge/source/api.ts";
import { SourceError, troubleOf } from "../../../functions/bridge/source/source-error.ts";
import { NO_HEADERS } from "../../../functions/bridge/source/headers.ts";
import type { WireMessage } from "../../../functions/bridge/source/wire.ts";
import { utf8 } from "../../support/messages.ts";

function wire(body: string, status: number = 0): WireMessage {
  return {
    subject: "i",
    reply: "",
    status,
    description: "",
    headers: NO_HEADERS,
    data: utf8(body),
  };
}

function errorOf(error: object): SourceError {
  try {
    readAnswer(wire(JSON.stringify({ type: "x", error })), "consumer C of stream S");
  } catch (caught) {
    if (caught instanceof SourceError) return caught;
  }
  throw new Error("expected a SourceError");
}

test("subjects carry prefix, stream and consumer", () => {
  const subjects = apiSubjects("$JS.hub.API", "ORDERS", "to-sqs");
  expect(subjects).toMatchObject({
    consumerInfo: "$JS.hub.API.CONSUMER.INFO.ORDERS.to-sqs",
    streamInfo: "$JS.hub.API.STREAM.INFO.ORDERS",
    pull: "$JS.hub.API.CONSUMER.MSG.NEXT.ORDERS.to-sqs",
  });
  expect(subjects.consumerCreate([])).toBe("$JS.hub.API.CONSUMER.CREATE.ORDERS.to-sqs");
  expect(subjects.consumerCreate(["a.>"])).toBe("$JS.hub.API.CONSUMER.CREATE.ORDERS.to-sqs.a.>");
  expect(subjects.consumerCreate(["a.>", "b"])).toBe("$JS.hub.API.CONSUMER.CREATE.ORDERS.to-sqs");
});

test("an answer without an error is the answer", () => {
  expect(readAnswer(wire('{"created":"10:00"}'), "x")).toEqual({ created: "10:00" });
});

test("a consumer that is not there is told apart from everything else that is gone", () => {
  const error = errorOf({ code: 404, err_code: 10_014, description: "consumer not found" });
  expect(error).toBeInstanceOf(ConsumerNotFound);
  expect(error.end).toBe("gone");
  expect(error.message).toBe("consumer C of stream S: consumer not found (10014)");
});

test("a stream that is not there is gone", () => {
  const error = errorOf({ code: 404, err_code: 10_059, description: "stream not found" });
  expect(error).not.toBeInstanceOf(ConsumerNotFound);
  expect(error.end).toBe("gone");
});

test.each([
  ["no quorum for the moment", { code: 503, err_code: 10_008 }, "broken"],
  ["no leader for the moment", { code: 503 }, "broken"],
  ["JetStream not enabled for the account", { code: 503, err_code: 10_039 }, "refused"],
  ["JetStream not enabled", { code: 503, err_code: 10_076 }, "refused"],
  ["a bad request", { code: 400, err_code: 10_003 }, "refused"],
  ["something else", { code: 500 }, "refused"],
])("%s: %o is %s", (_what, error, end) => {
  expect(errorOf(error).end).toBe(end);
  expect(errorOf(error).message).toContain("no description");
});

test("when nobody answers, that is said in words", () => {
  expect(() => readAnswer(wire("", 503), "stream S")).toThrow(
    "stream S: no JetStream answers at this server, account or domain",
  );
});

test("an answer that cannot be read is a broken connection, not a fault of configuration", () => {
  try {
    readAnswer(wire('{"created":'), "x");
    expect.fail("expected an error");
  } catch (error) {
    expect(troubleOf(error).end).toBe("broken");
  }
});

test("any error has a trouble, and its own end where it has one", () => {
  expect(troubleOf(new SourceError("refused", "no"))).toMatchObject({ end: "refused" });
  expect(troubleOf(new Error("boom"))).toMatchObject({ end: "broken", cause: { message: "boom" } });
  expect(troubleOf("boom")).toMatchObject({ end: "broken", cause: { message: "boom" } });
});

test("a stream that has stored a message says where, and whether it had it before", () => {
  expect(publishedOf(wire('{"stream":"SHIPMENTS","seq":7}'), "shipments.created")).toEqual({
    stream: "SHIPMENTS",
    sequence: 7,
    duplicate: false,
  });
  const again = wire('{"stream":"SHIPMENTS","domain":"hub","seq":7,"duplicate":true}');
  expect(publishedOf(again, "shipments.created")).toEqual({
    stream: "SHIPMENTS",
    sequence: 7,
    duplicate: true,
  });
});

test("a subject that no stream takes may be taken again later, and is told in words", () => {
  expect(unpublished("", 503)).toMatchObject({
    end: "broken",
    message: "no stream takes shipments.created",
    code: undefined,
  });
});

test.each([
  ["nothing of a stream", "{}"],
  ["no sequence", '{"stream":"S"}'],
  ["no stream", '{"seq":1}'],
  ["a stream without a name", '{"stream":{},"seq":1}'],
  ["a sequence that is text", '{"stream":"S","seq":"1"}'],
  ["half a sequence", '{"stream":"S","seq":1.5}'],
  ["what a service may say", '{"ok":true}'],
])("an answer with %s is no confirmation", (_what, body) => {
  expect(unpublished(body)).toMatchObject({
    end: "broken",
    message: "what answers on shipments.created is no stream",
  });
});

test.each([
  [
    "is full",
    { code: 400, err_code: 10_077, description: "maximum messages exceeded" },
    { end: "refused", code: 10_077 },
  ],
  [
    "finds it too large",
    { code: 400, err_code: 10_054, description: "message size exceeds maximum allowed" },
    { end: "refused", code: 10_054 },
  ],
  [
    "has no leader",
    { code: 503, err_code: 10_008, description: "no leader" },
    { end: "broken", code: undefined },
  ],
])("a stream that %s has stored nothing", (_what, error, expected) => {
  expect(unpublished(JSON.stringify({ error, stream: "S", seq: 0 }))).toMatchObject({
    ...expected,
    message: `publishing to shipments.created: ${error.description} (${error.err_code})`,
  });
});

test("a refusal without a code of the server has none", () => {
  expect(errorOf({ code: 500 })).toMatchObject({ end: "refused", code: undefined });
});

function unpublished(body: string, status?: number): SourceError {
  try {
    publishedOf(wire(body, status), "shipments.created");
  } catch (caught) {
    if (caught instanceof SourceError) return caught;
  }
  throw new Error("expected a SourceError");
}
