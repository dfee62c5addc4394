import { expect, test } from "vitest";
import { load, type Loaded } from "../../../functions/bridge/preflight/load.ts";
import { type Environment, LEAST } from "../../support/read-config.ts";

function loaded(environment: Environment, handler?: unknown): Promise<Loaded> {
  const readFile = (): string => "";
  return load(async () => ({ handler }), { environment, readFile });
}

const withoutTarget = { ...LEAST, SQS_QUEUE_URL: "" };

test("a forwarder is configured by the environment alone", async () => {
  const { config, definition } = await loaded(LEAST, async () => {});
  expect(config.target.kind).toBe("sqs");
  expect(definition).toBeUndefined();
});

test("a handler's own options count", async () => {
  const definition = { kind: "batch", handle() {}, options: { batchSize: 50, concurrency: 2 } };
  const handler = Object.assign(async () => {}, { definition });
  const { config } = await loaded(withoutTarget, handler);
  expect(config).toMatchObject({ target: { kind: "handler" }, batchSize: 50, concurrency: 2 });
});

test.each([[async (): Promise<void> => {}], [undefined], [{ definition: {} }]])(
  "what exports no handler of ours and names no target is refused: %s",
  async (handler) => {
    await expect(loaded(withoutTarget, handler)).rejects.toThrow("export `handler = onMessage(…)`");
  },
);

test("what the environment lacks is told as a whole", async () => {
  const wrong = { ...LEAST, JETSTREAM_STREAM: "", JETSTREAM_ACK_WAIT: "soon" };
  await expect(loaded(wrong)).rejects.toThrow(/JETSTREAM_ACK_WAIT: .*\nJETSTREAM_STREAM: /);
});

test("near misses are warned about", async () => {
  const { warnings } = await loaded({ ...LEAST, NATS_TIMEOUTS: "3s" });
  expect(warnings).toEqual([expect.stringContaining("did you mean NATS_TIMEOUT?")]);
});

test("code that does not load is refused with its own reason", async () => {
  const loading = load(() => Promise.reject(new Error("no such table")), {
    environment: LEAST,
    readFile: () => "",
  });
  await expect(loading).rejects.toThrow("the bridge's code does not load: no such table");
});
