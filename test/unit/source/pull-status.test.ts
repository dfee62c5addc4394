// Every answer that was seen from nats-server 2.9 to 2.15, by status and description.
import { expect, test } from "vitest";
import { pullEnd } from "../../../functions/bridge/source/pull-status.ts";
import { SourceError } from "../../../functions/bridge/source/source-error.ts";

const context = { delivered: 0, expired: true, stream: "ORDERS", consumer: "to-sqs" };
const WHERE = "consumer to-sqs of stream ORDERS";

test.each([
  [404, "No Messages", 0, false, "drained"],
  [404, "No Messages", 3, false, "drained"],
  [408, "Request Timeout", 0, true, "waited"],
  [408, "Request Timeout", 0, false, "waited"],
  [408, "Request Timeout", 3, false, "drained"],
  [408, "Request Timeout", 3, true, "waited"],
  [409, "Message Size Exceeds MaxBytes", 0, false, "budget"],
  [409, "Message Size Exceeds MaxBytes", 3, false, "budget"],
  [409, "Batch Completed", 10, false, "filled"],
])(
  "%i %s after %i messages (expired: %s) is %s",
  (status, description, delivered, expired, end) => {
    expect(pullEnd(status, description, { ...context, delivered, expired })).toEqual({ end });
  },
);

test.each([
  [409, "Leadership Change"],
  [409, "Server Shutdown"],
  [409, "Exceeded MaxWaiting"],
  [503, ""],
  [503, "No Responders"],
])("after %i %s it is worth pulling again, after a pause", (status, description) => {
  const end = pullEnd(status, description, context);
  expect(end.end).toBe("interrupted");
  expect("cause" in end && end.cause.message).toContain(`${status} ${description}`.trim());
  expect("cause" in end && end.cause.message).toContain(WHERE);
});

test.each([
  [409, "Consumer Deleted"],
  [409, "Stream Deleted"],
])("after %i %s there is nothing to pull from any more", (status, description) => {
  const end = pullEnd(status, description, context);
  expect(end.end).toBe("gone");
  expect("cause" in end && end.cause).toBeInstanceOf(SourceError);
  expect("cause" in end && end.cause.message).toBe(
    `${WHERE} was deleted (${status} ${description})`,
  );
});

test.each([
  [400, "Bad Request - heartbeat value too large"],
  [409, "Consumer is push based"],
  [409, "Exceeded MaxRequestBatch of 100"],
  [409, "Exceeded MaxRequestExpires of 1s"],
  [409, "Exceeded MaxRequestMaxBytes of 1024"],
  [409, "something that no server says today"],
  [423, "Nats-Wrong-Pin-Id"],
  [999, ""],
])("after %i %s somebody has to change something", (status, description) => {
  const end = pullEnd(status, description, context);
  expect(end.end).toBe("refused");
  expect("cause" in end && end.cause).toMatchObject({ end: "refused" });
  expect("cause" in end && end.cause.message).toBe(
    `the server refuses to deliver from ${WHERE}: ${`${status} ${description}`.trim()}`,
  );
});
