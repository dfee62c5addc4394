import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Handler,
  type LambdaContext,
  onMessage,
  onMessages,
} from "../../functions/bridge/handler.ts";
import { LEAST } from "../support/read-config.ts";

const context: LambdaContext = { getRemainingTimeInMillis: () => 10_000 };

/** What is wrong, as it is printed. */
const FAULT =
  'BATCH_SIZE: given "7", expected it unset: onMessage takes one message at a time, onMessages a batch';

const made: Readonly<Record<string, () => Handler>> = {
  onMessage: () => onMessage(() => undefined),
  onMessages: () => onMessages(() => undefined),
};

let printed = "";

/** An environment with all that a handler needs, and no more. */
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  for (const [name, value] of Object.entries(LEAST)) vi.stubEnv(name, value);
  vi.stubEnv("SQS_QUEUE_URL", undefined);
  vi.stubEnv("DEAD_LETTER_QUEUE_URL", `${LEAST["SQS_QUEUE_URL"]}-dead`);
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe.each(Object.entries(made))("%s", (_name, make) => {
  test("gives an entry that Lambda does not take for one with a callback", () => {
    expect(make().length).toBeLessThan(3);
  });

  test("reads nothing outside of Lambda, so that a test can load the handler", () => {
    vi.stubEnv("NATS_URL", "http://nope");
    expect(make).not.toThrow();
    expect(printed).toBe("");
  });

  test("says what is wrong with the configuration when it is called all the same", () => {
    vi.stubEnv("NATS_URL", "http://nope");
    const handler = make();
    expect(() => handler({}, context)).toThrow("the configuration is wrong:\nNATS_URL: given");
    expect(printed).toMatch(/^NATS_URL: given .*\n$/);
  });

  test("says in Lambda while the module is loaded what is wrong with the configuration", () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "ship-order");
    expect(make).not.toThrow();
    vi.stubEnv("JETSTREAM_STREAM", "");
    vi.stubEnv("SQS_QUEUE_URL", LEAST["SQS_QUEUE_URL"]);
    expect(make).toThrow("the configuration is wrong:\n");
    expect(printed.match(/^\w+(?=: given )/gm)).toEqual(["SQS_QUEUE_URL", "JETSTREAM_STREAM"]);
  });
});

test("the definition is what was given", () => {
  const run = (): undefined => undefined;
  expect(onMessage(run, { concurrency: 4, groupBy: "{subject.2}" }).definition).toEqual({
    kind: "one",
    handle: run,
    options: { concurrency: 4, groupBy: "{subject.2}" },
  });
  expect(onMessages(run, { batchSize: 100 }).definition).toEqual({
    kind: "batch",
    handle: run,
    options: { batchSize: 100 },
  });
  expect(onMessage(run).definition.options).toEqual({});
});

test("only a handler of batches takes a batch size from the environment", () => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "ship-order");
  vi.stubEnv("BATCH_SIZE", "7");
  expect(() => onMessages(() => undefined)).not.toThrow();
  expect(() => onMessage(() => undefined)).toThrow(FAULT);
});

test("options that stand in the code are checked with the environment", () => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "ship-order");
  expect(() => onMessage(() => undefined, { concurrency: 0, groupBy: "{tenant}" })).toThrow(
    /^the configuration is wrong:\nconcurrency: given 0, expected .*\ngroupBy: given "\{tenant\}", /,
  );
});

describe("a definition that is wrong is refused when it is made", () => {
  const run = (): undefined => undefined;
  const KNOWN = "concurrency, groupBy, publishes, schema";

  test.each<[string, readonly unknown[], string]>([
    ["no function", [undefined], "given undefined, expected a function"],
    ["a handler file", [{ handler: run }], "given an object, expected a function"],
    ["options that are none", [run, null], "options: given null, expected an object"],
    [
      "a schema in the place of the options",
      [run, v.object({})],
      "options: given a schema, expected { schema }",
    ],
    [
      "an option that is misspelt",
      [run, { groupby: "{subject.2}" }],
      `groupby: given a value, expected none: there is ${KNOWN}; did you mean groupBy?`,
    ],
    [
      "an option that there is not",
      [run, { batchSize: 10 }],
      `batchSize: given a value, expected none: there is ${KNOWN}`,
    ],
    [
      "a group by a function",
      [run, { groupBy: run }],
      "groupBy: given a function, expected a template like {subject.2}",
    ],
    [
      "one subject alone",
      [run, { publishes: "shipments.created" }],
      "publishes: given a string, expected an array of subjects",
    ],
    [
      "a schema of another kind",
      [run, { schema: { type: "object" } }],
      "schema: given an object without ~standard.validate, expected a Standard Schema, as of valibot, zod or arktype",
    ],
  ])("%s", (_what, given, problem) => {
    const define = onMessage as (...all: readonly unknown[]) => unknown;
    expect(() => define(...given)).toThrow(new TypeError(`onMessage: ${problem}`));
  });

  test("with all that is wrong at once", () => {
    const define = onMessages as (...all: readonly unknown[]) => unknown;
    expect(() => define(7, { batchsize: 10, groupBy: 2 })).toThrow(
      new TypeError(
        [
          "onMessages: given a number, expected a function",
          "onMessages: batchsize: given a value, expected none: there is batchSize, concurrency, groupBy, publishes, schema; did you mean batchSize?",
          "onMessages: groupBy: given a number, expected a template like {subject.2}",
        ].join("\n"),
      ),
    );
  });

  test("and no schema of a library that is right", () => {
    const asFunction = Object.assign(() => 1, v.object({}));
    for (const schema of [v.object({}), asFunction]) {
      expect(() => onMessages(run, { schema, batchSize: 7 })).not.toThrow();
    }
  });
});
