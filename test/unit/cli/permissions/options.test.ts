import { expect, test } from "vitest";
import { parse, type PermissionsOptions } from "../../../../cli/permissions/options.ts";

const WHICH = ["--stream", "ORDERS", "--consumer", "to-sqs"];

function options(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): PermissionsOptions {
  const parsed = parse(args, environment);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

test("stream and consumer are enough", () => {
  expect(options(WHICH)).toEqual({
    wanted: {
      stream: "ORDERS",
      consumer: "to-sqs",
      apiPrefix: "$JS.API",
      inboxPrefix: "_INBOX",
      filterSubjects: [],
      create: false,
      replay: false,
      publishes: [],
      publishStreams: [],
    },
    format: "server",
    user: "bridge",
    verb: "add",
    json: false,
  });
});

test("the environment of the bridge says the same, and what is said wins over it", () => {
  const environment = {
    NATS_URL: "nope nope",
    NATS_JS_DOMAIN: "hub",
    NATS_INBOX_PREFIX: "_INBOX_b",
    JETSTREAM_STREAM: "ORDERS",
    JETSTREAM_CONSUMER: "to-sqs",
    JETSTREAM_FILTER_SUBJECTS: "a.>,b",
    CONSUMER_MANAGEMENT: "create",
  };
  const { wanted } = options([], environment);
  expect(wanted).toMatchObject({
    stream: "ORDERS",
    apiPrefix: "$JS.hub.API",
    inboxPrefix: "_INBOX_b",
    filterSubjects: ["a.>", "b"],
    create: true,
  });
  const flags = "--stream S --consumer C --filter x --filter y.* --domain leaf --inbox-prefix I";
  expect(options(flags.split(" "), environment).wanted).toMatchObject({
    stream: "S",
    consumer: "C",
    apiPrefix: "$JS.leaf.API",
    inboxPrefix: "I",
    filterSubjects: ["x", "y.*"],
  });
  const prefixed = { JETSTREAM_STREAM: "S", JETSTREAM_CONSUMER: "C", NATS_JS_API_PREFIX: "js.eu" };
  expect(options([], prefixed).wanted.apiPrefix).toBe("js.eu");
});

test("what it does besides, and in which form", () => {
  const args = "--create --replay --publish a --publish b.> --publish-stream A --format nsc".split(
    " ",
  );
  expect(options([...WHICH, ...args, "--user", "x", "--edit"])).toMatchObject({
    wanted: { create: true, replay: true, publishes: ["a", "b.>"], publishStreams: ["A"] },
    format: "nsc",
    user: "x",
    verb: "edit",
  });
});

test.each<[readonly string[], readonly string[]]>([
  [
    [],
    [
      "JETSTREAM_STREAM or --stream: given nothing, expected the name of a stream",
      "JETSTREAM_CONSUMER or --consumer: given nothing, expected the name of a durable consumer",
    ],
  ],
  [
    ["--stream", "a.b", "--consumer", "c"],
    [`--stream: given "a.b", expected the name of a stream`],
  ],
  [
    [...WHICH, "--filter", "a..b"],
    [`--filter: given "a..b", expected subjects with commas, like orders.eu.>,orders.us.*`],
  ],
  [
    [...WHICH, "--publish", "a,b", "--publish-stream", "A.B"],
    [
      `--publish: given "a,b", expected a subject, like orders.>`,
      `--publish-stream: given "A.B", expected the name of a stream`,
    ],
  ],
  [
    [...WHICH, "--publish-stream", "A"],
    ["--publish-stream: given it alone, expected --publish SUBJECT with it"],
  ],
  [[...WHICH, "--format", "x"], [`--format: given "x", expected server or nsc`]],
  [
    [...WHICH, "--format", "nsc", "--json"],
    [`--format: given "nsc" beside --json, expected only one of them`],
  ],
  [[...WHICH, "--edit"], ["--edit: given it, expected it only with --format nsc"]],
  [[...WHICH, "--user", " "], [`--user: given "", expected the name of a user`]],
  [
    [...WHICH, "more"],
    ["Unexpected argument 'more'. This command does not take positional arguments"],
  ],
])("%j is refused, with what would be right", (args, problems) => {
  expect(parse(args, {})).toEqual({ kind: "wrong", problems });
});

test("a fault of the environment is told by its name", () => {
  const environment = { JETSTREAM_STREAM: "a b", JETSTREAM_CONSUMER: "c", NATS_JS_DOMAIN: "x.y" };
  expect(parse([], environment)).toEqual({
    kind: "wrong",
    problems: [
      `NATS_JS_DOMAIN: given "x.y", expected the name of a domain, one token`,
      `JETSTREAM_STREAM: given "a b", expected the name of a stream`,
    ],
  });
});
