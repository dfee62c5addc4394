import { expect, test } from "vitest";
import {
  bucketOf,
  functionArnOf,
  namespaceOf,
  nameOf,
  parseSize,
  queueUrlOf,
  subjectsOf,
  timeOf,
} from "../../../functions/bridge/config/values.ts";

test.each(["ORDERS", "orders-to-sqs", "Ä_1", "a:b"])("'%s' is a name", (text) => {
  expect(nameOf(text)).toBe(text);
});

test.each(["a.b", "a b", "a*", "a>", "a/b", "a\\b", "a\tb", ""])("'%s' is no name", (text) => {
  expect(nameOf(text)).toBeUndefined();
});

test.each([
  ["orders", ["orders"]],
  ["orders.eu.>, orders.us.*", ["orders.eu.>", "orders.us.*"]],
  [">", [">"]],
  ["*.a", ["*.a"]],
  ["$KV.bucket.>", ["$KV.bucket.>"]],
])("'%s' are subjects", (text, subjects) => {
  expect(subjectsOf(text)).toEqual(subjects);
});

test.each(["a..b", ".a", "a.", "a b", "a.>.b", "a,,b", "a,", "or*ders", "a.b>"])(
  "'%s' are no subjects",
  (text) => {
    expect(subjectsOf(text)).toBeUndefined();
  },
);

test.each([
  "2026-11-21T13:00:00Z",
  "2026-11-21T13:00:00.123456789Z",
  "2026-11-21T13:00:00+01:00",
  "2024-02-29T00:30:00+01:00",
])("%s is a time", (text) => {
  expect(timeOf(text)).toBe(text);
});

test.each([
  "2026-11-21",
  "2026-11-21T13:00:00",
  "21.11.2026",
  "2026-13-21T13:00:00Z",
  "2026-02-30T13:00:00Z",
  "2026-02-29T13:00:00Z",
  "2026-11-31T13:00:00Z",
  "now",
  "",
])("'%s' is no time", (text) => {
  expect(timeOf(text)).toBeUndefined();
});

test.each([
  "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo",
  "http://localhost:9324/queue/orders",
])("%s is the URL of a queue", (url) => {
  expect(queueUrlOf(url)).toBe(url);
});

test.each(["orders", "ftp://h/q", "https://h", "https://h/1/", "arn:aws:sqs:eu-west-1:1:q"])(
  "%s is no URL of a queue",
  (url) => {
    expect(queueUrlOf(url)).toBeUndefined();
  },
);

test.each([
  ["1MiB", 1_048_576],
  ["256KiB", 262_144],
  ["64KB", 64_000],
  ["2 MB", 2_000_000],
  ["1024B", 1024],
  ["1024", 1024],
])("%s are %d bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "MiB", "1.5MiB", "-1", "1mib", "1GiB", "1e3"])("'%s' is no size", (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test.each([
  "arn:aws:lambda:eu-west-1:123456789012:function:ship-order",
  "arn:aws-cn:lambda:cn-north-1:123456789012:function:ship_order:live",
  "arn:aws:lambda:eu-west-1:123456789012:function:ship-order:$LATEST",
])("%s is the ARN of a function", (arn) => {
  expect(functionArnOf(arn)).toBe(arn);
});

test.each([
  "ship-order",
  "arn:aws:sqs:eu-west-1:123456789012:q",
  "arn:aws:lambda:eu-west-1:1:function:f",
])("%s is no ARN of a function", (arn) => {
  expect(functionArnOf(arn)).toBeUndefined();
});

test("namespaces are as CloudWatch allows them, and none of AWS's own", () => {
  for (const name of ["JetStreamBridge", "Orders/Bridge", "a b", "#1", "x".repeat(255)])
    expect(namespaceOf(name)).toBe(name);
  for (const none of ["", "AWS/SQS", ":a", "été", "a\tb", "a{b}", "x".repeat(256)])
    expect(namespaceOf(none)).toBeUndefined();
});

test("names of buckets are as S3 allows them", () => {
  for (const name of ["abc", "my.dead-letters", "0a9"]) expect(bucketOf(name)).toBe(name);
  for (const none of ["ab", "A-B", "-abc", "abc-", "a_b", "s3://abc", "a".repeat(64)]) {
    expect(bucketOf(none)).toBeUndefined();
  }
});
