import { expect, test } from "vitest";
import { failed, succeeded, tooLate } from "../../../functions/bridge/preflight/outcome.ts";
import type { CloudFormationRequest } from "../../../functions/bridge/preflight/request.ts";
import { LEAST, read } from "../../support/read-config.ts";

const request: CloudFormationRequest = {
  RequestType: "Update",
  ResponseURL: "https://example.com/answer",
  StackId: "stack",
  RequestId: "7f3a",
  LogicalResourceId: "Preflight",
};
const checked = {
  config: read(LEAST).config!,
  summary: "found, 3 pending, 1 unsettled",
  made: false,
};

test("what fits is told with where the consumer stands", () => {
  expect(succeeded(request, checked, { warnings: [] })).toEqual({
    Status: "SUCCESS",
    Reason: "",
    PhysicalResourceId: "ORDERS/orders-to-sqs/found",
    Data: {
      Consumer: "ORDERS > orders-to-sqs",
      Summary: "found, 3 pending, 1 unsettled",
      Made: "false",
    },
  });
});

test("warnings are counted where people look", () => {
  const one = succeeded(request, checked, { warnings: ["one replica"] });
  const two = succeeded(request, checked, { warnings: ["one replica", "no dead letters"] });
  expect(one.Data?.["Summary"]).toBe("found, 3 pending, 1 unsettled, 1 warning in the log");
  expect(two.Data?.["Summary"]).toBe("found, 3 pending, 1 unsettled, 2 warnings in the log");
  expect(two.Reason).toBe("one replica\nno dead letters");
});

test("an update that failed keeps its id, so that its consumer is not deleted; a create has none", () => {
  const PhysicalResourceId = "ORDERS/old";
  expect(failed({ ...request, PhysicalResourceId }, ["a", "b"])).toEqual({
    Status: "FAILED",
    Reason: "a\nb",
    PhysicalResourceId,
  });
  expect(failed({ ...request, RequestType: "Create" }, []).PhysicalResourceId).toBe("failed-7f3a");
});

test("time that ran out is told with what was still waited for", () => {
  expect(tooLate({ waiting: ["connection: refused", "target"] }, 112_000)).toBe(
    "the time of the preflight function ran out after 112 s, while this was not done: connection: refused; target",
  );
});
