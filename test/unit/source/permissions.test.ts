import { expect, test } from "vitest";
import {
  permissionsOf,
  type Permission,
  type PermissionsWanted,
} from "../../../functions/bridge/source/permissions.ts";

const LEAST: PermissionsWanted = {
  stream: "ORDERS",
  consumer: "to-sqs",
  apiPrefix: "$JS.API",
  inboxPrefix: "_INBOX_bridge",
  filterSubjects: [],
  create: false,
};

const subjects = (permissions: readonly Permission[]): readonly string[] =>
  permissions.map(({ subject }) => subject);

/** What is allowed to be published beyond what every bridge needs. */
function besides(more: Partial<PermissionsWanted>): readonly string[] {
  const least = new Set(subjects(permissionsOf(LEAST).publish));
  return subjects(permissionsOf({ ...LEAST, ...more }).publish).filter((one) => !least.has(one));
}

test("a bridge needs its own consumer, both forms of acks, its inbox, and no more", () => {
  const { publish, subscribe } = permissionsOf(LEAST);
  expect(subjects(publish)).toEqual([
    "$JS.API.CONSUMER.INFO.ORDERS.to-sqs",
    "$JS.API.CONSUMER.MSG.NEXT.ORDERS.to-sqs",
    "$JS.ACK.ORDERS.to-sqs.>",
    "$JS.ACK.*.*.ORDERS.to-sqs.>",
    "$JS.API.STREAM.INFO.ORDERS",
  ]);
  expect(subjects(subscribe)).toEqual(["_INBOX_bridge.>"]);
  const optional = publish.filter((permission) => permission.optional);
  expect(subjects(optional)).toEqual(["$JS.API.STREAM.INFO.ORDERS"]);
  expect(optional[0]?.reason).toBe(
    "optional: to notice a stream made anew, or messages that expired",
  );
});

test("of a domain, the API is its own, and acks are not", () => {
  const { publish } = permissionsOf({ ...LEAST, apiPrefix: "$JS.hub.API", create: true });
  const api = subjects(publish).filter((subject) => !subject.startsWith("$JS.ACK."));
  expect(api).toHaveLength(4);
  expect(api.filter((subject) => !subject.startsWith("$JS.hub.API."))).toEqual([]);
});

test.each([
  [[], "$JS.API.CONSUMER.CREATE.ORDERS.to-sqs"],
  [["orders.eu.>"], "$JS.API.CONSUMER.CREATE.ORDERS.to-sqs.orders.eu.>"],
  [["orders.eu.>", "orders.us.*"], "$JS.API.CONSUMER.CREATE.ORDERS.to-sqs"],
])("with the filters %j it is made by one subject, and by no other", (filterSubjects, subject) => {
  expect(besides({ filterSubjects, create: true })).toEqual([subject]);
  expect(besides({ filterSubjects })).toEqual([]);
});

test("a handler that publishes has its subjects, and may look at the streams that are named", () => {
  const more = { publishes: ["shipments.created"], publishStreams: ["SHIPMENTS", "ORDERS"] };
  expect(besides(more)).toEqual([
    "shipments.created",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.SHIPMENTS",
  ]);
  const { publish } = permissionsOf({ ...LEAST, ...more });
  expect(subjects(publish.filter(({ optional }) => optional))).toHaveLength(3);
  expect(new Set(subjects(publish)).size).toBe(publish.length);
});

test("a replay is power over every consumer of its stream, both forms of acks included", () => {
  expect(besides({ replay: true })).toEqual([
    "$JS.API.CONSUMER.CREATE.ORDERS.*",
    "$JS.API.CONSUMER.INFO.ORDERS.*",
    "$JS.API.CONSUMER.MSG.NEXT.ORDERS.*",
    "$JS.ACK.ORDERS.>",
    "$JS.ACK.*.*.ORDERS.>",
    "$JS.API.CONSUMER.DELETE.ORDERS.*",
  ]);
  expect(besides({ replay: true, filterSubjects: ["orders.eu.>"] })[0]).toBe(
    "$JS.API.CONSUMER.CREATE.ORDERS.*.orders.eu.>",
  );
  const { publish } = permissionsOf({ ...LEAST, replay: true });
  const optional = publish.filter((permission) => permission.optional);
  expect(subjects(optional)).toEqual(["$JS.API.CONSUMER.DELETE.ORDERS.*"]);
});

test("every subject has its reason", () => {
  const all = permissionsOf({ ...LEAST, create: true, replay: true, publishes: ["a"] });
  const reasons = [...all.publish, ...all.subscribe].map(({ reason }) => reason);
  expect(reasons.filter((reason) => !/^\w.{4,}/.test(reason))).toEqual([]);
});
