import { expect, test } from "vitest";
import { hasOwnEndpoint, readDestination } from "../../../cli/redrive/environment.ts";
import { credentialsFault } from "../../../functions/bridge/source/credentials.ts";
import { LEAST } from "../../support/read-config.ts";

const helpers = { credentialsFault, readFile: (): string => "" };

test("back to a stream, only NATS has to be set", () => {
  const { destination, faults } = readDestination(
    { NATS_URL: "nats://u:secret@nats.example.com", PATH: "/bin" },
    false,
    helpers,
  );
  expect(faults).toEqual([]);
  expect(destination).toMatchObject({
    kind: "stream",
    nats: { servers: ["nats.example.com:4222"], credentials: { user: "u", password: "secret" } },
  });
});

test("all faults at once, and secrets to keep", () => {
  const { destination, faults, secrets } = readDestination(
    { NATS_URL: "nats://u:secret@a", NATS_TOKEN: "other", NATS_TIMEOUT: "x", SQS_QUEUE: "y" },
    false,
    helpers,
  );
  expect(destination).toBeUndefined();
  expect(faults.map((fault) => fault.split(":")[0])).toEqual(
    expect.arrayContaining(["NATS_URL", "NATS_TIMEOUT", "SQS_QUEUE"]),
  );
  expect(secrets).toContain("secret");
});

test("to the target, the environment of the bridge has to be whole", () => {
  expect(readDestination(LEAST, true, helpers).destination).toMatchObject({
    kind: "target",
    config: { origin: "ORDERS", target: { kind: "sqs" } },
  });
  expect(readDestination({ NATS_URL: LEAST["NATS_URL"] }, true, helpers).faults).toContainEqual(
    expect.stringMatching(/^JETSTREAM_STREAM: given nothing/),
  );
});

test.each([
  [{}, false, false],
  [{ AWS_ENDPOINT_URL: "http://localhost:1" }, true, true],
  [{ AWS_ENDPOINT_URL_SQS: "http://localhost:1" }, true, false],
  [{ AWS_ENDPOINT_URL_S3: "http://localhost:1", AWS_ENDPOINT_URL: " " }, false, true],
])("an endpoint of one's own in %j: SQS %s, S3 %s", (environment, sqs, s3) => {
  expect(hasOwnEndpoint(environment, "SQS")).toBe(sqs);
  expect(hasOwnEndpoint(environment, "S3")).toBe(s3);
});
