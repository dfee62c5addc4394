import type { ConsumerConfig } from "@nats-io/jetstream";
import { describe, expect, test } from "vitest";
import type { Config } from "../../../functions/bridge/config.ts";
import { compareConsumer } from "../../../functions/bridge/preflight/consumer.ts";
import { howToCreate } from "../../../functions/bridge/preflight/commands.ts";
import type { ConsumerAnswer } from "../../../functions/bridge/source/api.ts";
import { consumerConfig } from "../../../functions/bridge/source/consumer.ts";
import { type Environment, LEAST, read } from "../../support/read-config.ts";

function configOf(changes: Environment = {}): Config {
  return read({ ...LEAST, ...changes }, {}, "lambda").config!;
}

interface Compared {
  readonly refused: string;
  readonly warnings: readonly string[];
}

function compare(config: Config, found: Partial<ConsumerConfig>, more: object = {}): Compared {
  const warnings: string[] = [];
  const check = { warn: (text: string): void => void warnings.push(text), waitsFor: () => {} };
  const answer = { name: "orders-to-sqs", config: found, ...more } as ConsumerAnswer;
  try {
    compareConsumer(config, answer, check);
    return { refused: "", warnings };
  } catch (error) {
    return { refused: (error as Error).message, warnings };
  }
}

const made = consumerConfig(configOf().consumer);
const foreign = { ...made, description: "made by hand" };

describe("a consumer", () => {
  test("as it was made fits without a word", () => {
    expect(compare(configOf(), made)).toEqual({ refused: "", warnings: [] });
  });

  test("of our own that has another ack wait is refused with the command that changes it", () => {
    const changed = configOf({
      JETSTREAM_ACK_WAIT: "1m30s",
      JETSTREAM_FILTER_SUBJECTS: "orders.eu.>,orders.it's.*",
      NATS_URL: "tls://me:secret@a:4222,tls://b",
    });
    const { refused } = compare(changed, made);
    expect(refused).toContain("ack_wait is 10000 ms, expected 90000 ms (JETSTREAM_ACK_WAIT)");
    expect(refused).toContain(
      "NATS_URL=tls://a:4222,tls://b:4222 JETSTREAM_STREAM=ORDERS JETSTREAM_CONSUMER=orders-to-sqs " +
        `JETSTREAM_FILTER_SUBJECTS='orders.eu.>,orders.it'\\''s.*' JETSTREAM_ACK_WAIT=1m30s JETSTREAM_MAX_ACK_PENDING=320 npm run bridge -- consumer update`,
    );
    expect(refused).not.toContain("secret");
  });

  test("is changed with the secret and the inbox of the bridge, and with a right that it may lack", () => {
    const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nats/bridge";
    const changed = configOf({
      JETSTREAM_ACK_WAIT: "20s",
      JETSTREAM_FILTER_SUBJECTS: "orders.eu.>",
      NATS_SECRET_ARN: arn,
      NATS_INBOX_PREFIX: "_INBOX_bridge",
    });
    const { refused } = compare(changed, made);
    expect(refused).toContain(
      `NATS_SECRET_ARN=${arn} NATS_INBOX_PREFIX=_INBOX_bridge JETSTREAM_STREAM=ORDERS`,
    );
    expect(refused).toMatch(
      /consumer update`\. Its credentials need the right to make the consumer \(\$JS\.API\.CONSUMER\.CREATE\.ORDERS\.orders-to-sqs\.orders\.eu\.>\), which those of the bridge may lack$/,
    );
    const { refused: plain } = compare(configOf({ JETSTREAM_ACK_WAIT: "20s" }), made);
    expect(plain).not.toMatch(/NATS_SECRET_ARN|NATS_INBOX_PREFIX/);
  });

  test("of our own with another start needs another name, for NATS cannot change that", () => {
    const { refused } = compare(configOf({ JETSTREAM_DELIVER_POLICY: "new" }), made);
    expect(refused).toContain('deliver_policy is "all", expected "new"');
    expect(refused).toContain("a consumer of another name (JETSTREAM_CONSUMER)");
    expect(refused).not.toContain("npm run");
  });

  test("of somebody else with another ack wait is a warning, for that is up to him", () => {
    const { refused, warnings } = compare(configOf(), { ...foreign, ack_wait: 30e9 });
    expect(refused).toBe("");
    expect(warnings).toEqual([expect.stringContaining("ack_wait is 30000 ms and not 10000")]);
  });

  test("of somebody else that does not fit is refused without our command", () => {
    const { refused } = compare(configOf(), { ...foreign, max_deliver: 5 });
    expect(refused).toContain("max_deliver is 5");
    expect(refused).toContain("`nats consumer edit ORDERS orders-to-sqs`");
    expect(refused).not.toContain("npm run");
  });

  test("that does not fit is a warning where nobody is to compare it", () => {
    const config = configOf({ CONSUMER_MANAGEMENT: "none" });
    const { refused, warnings } = compare(config, { ...foreign, max_deliver: 5 });
    expect(refused).toBe("");
    expect(warnings).toEqual([expect.stringContaining("CONSUMER_MANAGEMENT=none")]);
  });

  test("that is paused is a warning", () => {
    const { warnings } = compare(configOf(), made, { pause_remaining: 5e9 });
    expect(warnings).toEqual([expect.stringContaining("is paused")]);
  });
});

test("how to make one by hand says all that the bridge would have set", () => {
  const config = configOf({
    JETSTREAM_DELIVER_POLICY: "by_start_sequence",
    JETSTREAM_OPT_START_SEQ: "1201",
    JETSTREAM_FILTER_SUBJECTS: "orders.eu.>",
  });
  expect(howToCreate(config)).toBe(
    "To make it: nats consumer add ORDERS orders-to-sqs --pull --ack=explicit --replay=instant --max-deliver=-1 " +
      "--deliver=1201 --wait=10s --max-pending=320 --filter='orders.eu.>' --defaults",
  );
});

test("commands go to the domain of the bridge, since there may be a namesake in the server's own", () => {
  const config = configOf({ NATS_JS_DOMAIN: "hub" });
  const own = compare(config, { ...consumerConfig(config.consumer), ack_wait: 20e9 });
  expect(own.refused).toContain("NATS_JS_API_PREFIX='$JS.hub.API' JETSTREAM_STREAM=ORDERS");
  const theirs = compare(config, {
    ...consumerConfig(config.consumer),
    description: "",
    max_deliver: 5,
  });
  expect(theirs.refused).toContain("edit ORDERS orders-to-sqs --js-api-prefix='$JS.hub.API'`");
  expect(howToCreate(config)).toMatch(/ --defaults --js-api-prefix='\$JS\.hub\.API'$/);
});
