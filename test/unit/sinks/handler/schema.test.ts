import type { StandardSchemaV1 } from "@standard-schema/spec";
import * as v from "valibot";
import { expect, test } from "vitest";
import { validated } from "../../../../functions/bridge/sinks/handler/schema.ts";
import { Rejection } from "../../../../functions/bridge/sinks/handler/thrown.ts";
import { delivered } from "../../../support/handled.ts";

type Validate = StandardSchemaV1["~standard"]["validate"];

/** Written by hand, as any library has it. */
function schema(validate: Validate): StandardSchemaV1 {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const failing = (...issues: readonly StandardSchemaV1.Issue[]): StandardSchemaV1 =>
  schema(() => ({ issues }));

async function rejectionOf(given: StandardSchemaV1, text?: string): Promise<string> {
  return (await rejectedBy(given, text)).message;
}

async function rejectedBy(given: StandardSchemaV1, text?: string): Promise<Rejection> {
  const error: unknown = await validated(delivered(text), given).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Rejection);
  return error as Rejection;
}

test("a payload that fits is what the schema makes of it; the rest of the message stays", async () => {
  const message = delivered('{"id":"o-7","total":"12"}');
  const order = v.object({ id: v.string(), total: v.pipe(v.string(), v.toNumber()) });
  const valid = await validated(message, order);
  expect(valid.json()).toEqual({ id: "o-7", total: 12 });
  expect(valid.text()).toBe(message.text());
  expect(valid).toMatchObject({ id: message.id, subject: message.subject, data: message.data });
  expect(message.json()).toEqual({ id: "o-7", total: "12" });
});

test("a schema that takes its time is waited for", async () => {
  const slow = schema(async (value) => ({ value: [await Promise.resolve(value)] }));
  expect((await validated(delivered("1"), slow)).json()).toEqual([1]);
});

test("a payload that does not fit is rejected, with each issue and its place", async () => {
  const order = v.object({ id: v.string(), lines: v.array(v.object({ count: v.number() })) });
  expect(await rejectionOf(order, '{"id":7,"lines":[{"count":1},{"count":"2"}]}')).toBe(
    'the payload does not fit: id: Invalid type: Expected string but received 7; lines.1.count: Invalid type: Expected number but received "2"',
  );
});

test("values of the payload are for the dead letter; the log has the number of issues and their places", async () => {
  const order = v.object({ id: v.string(), lines: v.array(v.object({ count: v.number() })) });
  const text = '{"id":4711,"lines":[{"count":1},{"count":"a secret"}]}';
  const { message, told } = await rejectedBy(order, text);
  expect(message).toContain("4711");
  expect(message).toContain("a secret");
  expect(told).toBe("the payload does not fit: 2 issues (id, lines.1.count)");
});

test("of many issues the log has the number of all and the places of five, where they have one", async () => {
  const issues = Array.from({ length: 8 }, (_, at) => ({ message: "no", path: [at] }));
  const toldOf = async (...given: readonly StandardSchemaV1.Issue[]): Promise<unknown> =>
    (await rejectedBy(failing(...given))).told;
  expect(await toldOf(...issues)).toBe("the payload does not fit: 8 issues (0, 1, 2, 3, 4)");
  expect(await toldOf({ message: "a value" })).toBe("the payload does not fit: 1 issue");
  expect(await toldOf({ message: "a value" }, { message: "b", path: ["b"] })).toBe(
    "the payload does not fit: 2 issues (b)",
  );
});

test("places are told as they come: keys, numbers, parts of a path, or none", async () => {
  const issues = [
    { message: "one" },
    { message: "two", path: [] },
    { message: "three", path: ["a", 0, { key: "b" }] },
    { message: "four", path: [Symbol("c")] },
  ];
  expect(await rejectionOf(failing(...issues))).toBe(
    "the payload does not fit: one; two; a.0.b: three; Symbol(c): four",
  );
});

test("of many issues five are told", async () => {
  const issues = Array.from({ length: 8 }, (_, at) => ({ message: `${at}` }));
  expect(await rejectionOf(failing(...issues))).toBe(
    "the payload does not fit: 0; 1; 2; 3; 4; and 3 more",
  );
  expect(await rejectionOf(failing(...issues.slice(0, 5)))).toBe(
    "the payload does not fit: 0; 1; 2; 3; 4",
  );
});

test("a payload that is not JSON never gets to the schema", async () => {
  const never = schema(() => expect.fail("asked"));
  expect(await rejectionOf(never, "{")).toMatch(/^the payload is not JSON/);
});

test("a schema that breaks is no verdict on the message", async () => {
  const broken = schema(() => {
    throw new TypeError("undefined is not a function");
  });
  await expect(validated(delivered(), broken)).rejects.toThrow(TypeError);
});
