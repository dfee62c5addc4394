import { describe, expect, test } from "vitest";
import { type Answers, missingText } from "../../../functions/bridge/preflight/lacking.ts";
import { type Permission, permissionsOf } from "../../../functions/bridge/source/permissions.ts";

const WANTED = {
  stream: "ORDRES",
  consumer: "orders-to-sqs",
  apiPrefix: "$JS.API",
  inboxPrefix: "_INBOX",
  filterSubjects: [],
  create: false,
};

type Wanted = Parameters<typeof permissionsOf>[0];

/** What is said to a user who lacks each subject that `isMissing` is true of. */
function said(wanted: Wanted, isMissing: (permission: Permission) => boolean): string {
  const { publish, subscribe } = permissionsOf(wanted);
  const answers: Answers = {
    publish: publish.filter(isMissing),
    subscribe: subscribe.filter(isMissing),
    unknown: [],
  };
  return missingText(answers, wanted);
}

const DOUBT =
  "either the stream is not called ORDRES or the consumer not orders-to-sqs (JETSTREAM_STREAM, JETSTREAM_CONSUMER), or the NATS user lacks permissions; add to them publish: [";

describe("a name is doubted", () => {
  test("first of all, where every subject that is missing has it", () => {
    expect(said(WANTED, ({ subject }) => subject.includes("ORDRES")).indexOf(DOUBT)).toBe(0);
  });

  test("where what is optional is missing besides", () => {
    const wanted = { ...WANTED, publishes: ["shipments"] };
    const isMissing = ({ optional, subject }: Permission): boolean =>
      optional || subject.includes("ORDRES");
    expect(said(wanted, isMissing).indexOf(DOUBT)).toBe(0);
  });

  const sure: readonly (readonly [string, Wanted, (permission: Permission) => boolean])[] = [
    ["its answers are missing, too", WANTED, () => true],
    [
      "a subject of the handler is missing, too",
      { ...WANTED, publishes: ["shipments"] },
      ({ subject }) => !subject.startsWith("_INBOX"),
    ],
    [
      "only the right to make the consumer is missing",
      { ...WANTED, create: true },
      ({ subject }) => subject.includes("CREATE"),
    ],
  ];
  test.each(sure)("not where %s", (_when, wanted, isMissing) => {
    expect(said(wanted, isMissing)).toMatch(
      /^the NATS user lacks permissions; add to them publish/,
    );
  });
});

describe("the command is complete", () => {
  const commands: readonly (readonly [string, Partial<Wanted>, string])[] = [
    ["of the simplest bridge", {}, ""],
    ["with a prefix of its own", { inboxPrefix: "_INBOX_bridge" }, " --inbox-prefix _INBOX_bridge"],
    ["where it makes its consumer", { create: true }, " --create"],
    [
      "where it makes one with a filter",
      { create: true, filterSubjects: ["orders.eu.>"] },
      " --filter 'orders.eu.>' --create",
    ],
    ["with a filter that does not matter", { filterSubjects: ["orders.eu.>"] }, ""],
    ["of a handler", { publishes: ["shipments.*"] }, " --publish 'shipments.*'"],
  ];
  test.each(commands)("%s", (_whose, more, flags) => {
    expect(said({ ...WANTED, ...more }, () => true)).toContain(
      `All that it needs: \`npm run bridge -- permissions --stream ORDRES --consumer orders-to-sqs${flags}\``,
    );
  });

  test("in another domain", () => {
    expect(said({ ...WANTED, apiPrefix: "$JS.hub.API" }, () => true)).toContain(
      "`NATS_JS_API_PREFIX='$JS.hub.API' npm run bridge -- permissions --stream",
    );
  });
});
