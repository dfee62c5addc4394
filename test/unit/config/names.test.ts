import { expect, test } from "vitest";
import { OPTIONS } from "../../../functions/bridge/config.ts";
import { faultsOf, LEAST, read } from "../../support/read-config.ts";

test.each([
  "JETSTREAM_WHATEVER",
  "SQS_WHATEVER",
  "EVENT_WHATEVER",
  "DEAD_LETTER_WHATEVER",
  "FUNCTION_WHATEVER",
])("%s is refused: there is no such setting", (name) => {
  expect(faultsOf({ [name]: "secret value" })).toEqual([
    `${name}: given a value, expected none: there is no such setting`,
  ]);
});

test.each([
  ["JETSTREAM_CONSUMMER", "JETSTREAM_CONSUMER"],
  ["JETSTREAM_FILTER_SUBJECT", "JETSTREAM_FILTER_SUBJECTS"],
  ["SQS_QUEUE_ULR", "SQS_QUEUE_URL"],
  ["DEAD_LETTER_QUEUE_URI", "DEAD_LETTER_QUEUE_URL"],
])("%s is refused, and the right name is named", (name, nearest) => {
  expect(faultsOf({ [name]: "x" })).toEqual([
    `${name}: given a value, expected none: there is no such setting; did you mean ${nearest}?`,
  ]);
});

test.each([
  ["NATS_CRED", "NATS_CREDS"],
  ["NATS_URLS", "NATS_URL"],
  ["NATS_PASSWORT", "NATS_PASSWORD"],
  ["NATS_TLS_FRIST", "NATS_TLS_FIRST"],
  ["DEAD_LETER_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"],
  ["CONCURENCY", "CONCURRENCY"],
  ["IDLE_TIMOUT", "IDLE_TIMEOUT"],
  ["MAXIMUM_RETRY_ATTEMPT", "MAXIMUM_RETRY_ATTEMPTS"],
])("%s is only warned about, since platforms inject such names", (name, nearest) => {
  const { faults, warnings } = read({ ...LEAST, [name]: "x" });
  expect(faults).toEqual([]);
  expect(warnings).toEqual([`${name} is not a setting; did you mean ${nearest}?`]);
});

test.each([
  "NATS_PORT",
  "NATS_PORT_4222_TCP",
  "NATS_PORT_4222_TCP_ADDR",
  "NATS_SERVICE_HOST",
  "NATS_SERVICE_PORT",
  "NATS_SERVICE_PORT_CLIENT",
  "NATS_VERSION",
  "PATH",
  "AWS_REGION",
  "JETSTREAMS",
  "MY_SQS_QUEUE_URL",
])("%s is nobody's business", (name) => {
  const { faults, warnings } = read({ ...LEAST, [name]: "x" });
  expect([faults, warnings]).toEqual([[], []]);
});

test("a name without a value is as good as absent", () => {
  expect(faultsOf({ SQS_WHATEVER: undefined })).toEqual([]);
});

test("every option has a meaning and a default to read", () => {
  for (const [name, { fallback, meaning }] of Object.entries(OPTIONS)) {
    expect([name, meaning !== "", fallback !== ""]).toEqual([name, true, true]);
  }
});
