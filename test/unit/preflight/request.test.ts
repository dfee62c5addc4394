import { expect, test } from "vitest";
import {
  type CloudFormationRequest,
  idOfNothing,
  isAbout,
  isDeleteAsked,
  namesIn,
  physicalIdOf,
  taskOf,
} from "../../../functions/bridge/preflight/request.ts";

function request(properties: Readonly<Record<string, unknown>>): CloudFormationRequest {
  return {
    RequestType: "Create",
    ResponseURL: "https://example.com/answer",
    StackId: "stack",
    RequestId: "7f3a",
    LogicalResourceId: "Preflight",
    ResourceProperties: properties,
  };
}

test("a task is read from the properties", () => {
  expect(taskOf(request({ ManageConsumer: "create", Checks: "all", Fingerprint: "x" }))).toEqual({
    manage: "create",
    checks: "all",
    before: undefined,
  });
});

test.each([
  [{ Checks: "all" }, "property ManageConsumer: given undefined, expected create or verify"],
  [
    { ManageConsumer: "verify", Checks: "some" },
    'property Checks: given "some", expected all or consumer',
  ],
])("a task that cannot be read is refused: %j", (properties, message) => {
  expect(() => taskOf(request(properties))).toThrow(message);
});

test("nothing but `delete` deletes", () => {
  expect(isDeleteAsked(request({ OnDelete: "delete" }))).toBe(true);
  expect(isDeleteAsked(request({ OnDelete: "retain" }))).toBe(false);
  expect(isDeleteAsked(request({}))).toBe(false);
});

const NAMES = { stream: "ORDERS", consumer: "orders-to-sqs" };

test("a physical id holds the names, and the id of a failed create holds none", () => {
  expect(namesIn(physicalIdOf(NAMES, { isMade: true }))).toEqual(NAMES);
  expect(namesIn(idOfNothing(request({})))).toBeUndefined();
  expect(namesIn("ORDERS/")).toBeUndefined();
});

test("a consumer that was there before is nobody's to delete, one that was made stays so", () => {
  const found = physicalIdOf(NAMES, { isMade: false });
  expect(namesIn(found)).toBeUndefined();
  expect(physicalIdOf(NAMES, { isMade: false, before: found })).toBe(found);
  const made = physicalIdOf(NAMES, { isMade: true, before: found });
  expect(physicalIdOf(NAMES, { isMade: false, before: made })).toBe(made);
  const another = { ...NAMES, consumer: "another" };
  expect(namesIn(physicalIdOf(another, { isMade: false, before: made }))).toBeUndefined();
});

test("an answer before was about this consumer, whether it was made or found then", () => {
  for (const isMade of [true, false]) {
    expect(isAbout(physicalIdOf(NAMES, { isMade }), NAMES)).toBe(true);
    expect(isAbout(physicalIdOf({ ...NAMES, consumer: "old" }, { isMade }), NAMES)).toBe(false);
  }
  expect(isAbout(undefined, NAMES)).toBe(false);
});
