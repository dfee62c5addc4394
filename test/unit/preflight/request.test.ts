import { expect, test } from "vitest";
import {
  type CloudFormationRequest,
  idOfNothing,
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

test("a physical id holds the names, and the id of a failed create holds none", () => {
  const names = { stream: "ORDERS", consumer: "orders-to-sqs" };
  expect(namesIn(physicalIdOf(names))).toEqual(names);
  expect(namesIn(idOfNothing(request({})))).toBeUndefined();
  expect(namesIn("a/b/c")).toBeUndefined();
  expect(namesIn("ORDERS/")).toBeUndefined();
});
