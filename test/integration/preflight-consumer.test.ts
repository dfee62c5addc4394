// The preflight and the life of a consumer: made once, found, compared, never changed, removed where that is asked for.
import type { StreamConfig } from "@nats-io/jetstream";
import { afterAll, describe, expect, test } from "vitest";
import { bothServers } from "../support/both-servers.ts";
import { freePort } from "../support/free-port.ts";
import { operate } from "../support/jetstream.ts";
import { operatedServer } from "../support/operated-server.ts";
import { isAtLeast, startNatsServer } from "../support/nats-server.ts";
import { bundleOf, preflight } from "../support/preflight.ts";
import { startSqs } from "../support/sqs.ts";

bundleOf();
const sqs = await startSqs();
afterAll(() => sqs.stop());

describe.each(await bothServers())("on $which", async ({ binary, version }) => {
  const { operator, server } = await operatedServer(binary);

  /** The environment of a bridge from a stream of this name, which is made, to a queue of this name. */
  async function given(
    stream: string,
    config: Partial<StreamConfig> = {},
  ): Promise<Readonly<Record<string, string>>> {
    await operator.stream(stream, config);
    return {
      ...sqs.environment,
      NATS_URL: server.url,
      JETSTREAM_STREAM: stream,
      JETSTREAM_CONSUMER: "bridge",
      SQS_QUEUE_URL: await sqs.createQueue(stream),
      DEAD_LETTER_QUEUE_URL: await sqs.createQueue(`${stream}-dead`),
      AWS_LAMBDA_FUNCTION_NAME: "preflight",
    };
  }

  describe.skipIf(!binary).concurrent("a consumer", () => {
    test("that is missing is made by a create, and found by an update with its position", async () => {
      const environment = await given("MAKE");
      const first = await preflight(environment);
      expect(first.answer).toMatchObject({
        Status: "SUCCESS",
        PhysicalResourceId: "MAKE/bridge",
        Data: {
          Consumer: "MAKE > bridge",
          Summary: "created, deliver all, max_deliver unlimited",
          Made: "true",
        },
      });
      await operator.publish("MAKE.a", 5);
      const [, second] = await operator.take("MAKE", "bridge", 3);
      second?.respond("+ACK");
      await operator.nc.flush();
      const before = await operator.info("MAKE", "bridge");
      const again = await preflight(environment, { type: "Update", physicalId: "MAKE/bridge" });
      expect(again.answer).toMatchObject({
        Status: "SUCCESS",
        PhysicalResourceId: "MAKE/bridge",
        Data: { Summary: "found, 2 pending, 2 unsettled", Made: "false" },
      });
      expect({ ...(await operator.info("MAKE", "bridge")), ts: "" }).toEqual({ ...before, ts: "" });
    });

    test("that is missing is not made by `verify`, and how to make it is said", async () => {
      const environment = await given("VERIFY");
      const { answer } = await preflight(environment, { properties: { ManageConsumer: "verify" } });
      expect(answer).toMatchObject({ Status: "FAILED", PhysicalResourceId: "failed-request-1" });
      expect(answer.Reason).toContain("stream VERIFY has no consumer bridge");
      expect(answer.Reason).toContain("nats consumer add VERIFY bridge --pull");
      await expect(operator.info("VERIFY", "bridge")).rejects.toThrow(/not found/);
    });

    test("of our own that was made with other settings is not changed, but told with the command", async () => {
      const environment = await given("OWN");
      await preflight(environment);
      const changed = { ...environment, JETSTREAM_ACK_WAIT: "20s", CONCURRENCY: "8" };
      const { answer } = await preflight(changed, { type: "Update", physicalId: "OWN/bridge" });
      expect(answer).toMatchObject({ Status: "FAILED", PhysicalResourceId: "OWN/bridge" });
      expect(answer.Reason).toContain("ack_wait is 10000 ms, expected 20000 ms");
      expect(answer.Reason).toContain("max_ack_pending is 320, expected 160");
      expect(answer.Reason).toMatch(
        /JETSTREAM_STREAM=OWN JETSTREAM_CONSUMER=bridge JETSTREAM_ACK_WAIT=20s JETSTREAM_MAX_ACK_PENDING=160 npm run bridge -- consumer update/,
      );
      expect((await operator.info("OWN", "bridge")).config.ack_wait).toBe(10e9);
    });

    test("of somebody else that does not fit is refused, one that fits is taken with a warning", async () => {
      const environment = await given("FOREIGN");
      await operator.consumer("FOREIGN", "bridge", { max_deliver: 5, max_ack_pending: 320 });
      const { answer } = await preflight(environment);
      expect(answer.Status).toBe("FAILED");
      expect(answer.Reason).toContain("max_deliver is 5, expected -1");
      expect(answer.Reason).toContain("nats consumer edit FOREIGN bridge");
      await operator.jsm.consumers.update("FOREIGN", "bridge", { max_deliver: -1 });
      const fits = await preflight(environment);
      expect(fits.answer.Status).toBe("SUCCESS");
      expect(fits.answer.Reason).toContain("ack_wait is 1000 ms and not 10000");
    });

    test("is left by a delete that retains, without a word to NATS", async () => {
      const environment = await given("RETAIN");
      await preflight(environment);
      const gone = { ...environment, NATS_URL: "nats://127.0.0.1:1" };
      const { answer } = await preflight(gone, { type: "Delete", physicalId: "RETAIN/bridge" });
      expect(answer).toMatchObject({ Status: "SUCCESS", Reason: "nothing to delete" });
      expect(await operator.info("RETAIN", "bridge")).toBeDefined();
    });

    test("is removed by a delete that is told so, by the name it had, and only if it is our own", async () => {
      const environment = await given("REMOVE");
      const renamed = { ...environment, JETSTREAM_CONSUMER: "another" };
      await preflight(environment);
      await preflight(renamed, { type: "Update", physicalId: "REMOVE/bridge" });
      await operator.consumer("REMOVE", "foreign");
      const remove = async (consumer: string): Promise<string> => {
        const { answer } = await preflight(renamed, {
          type: "Delete",
          physicalId: `REMOVE/${consumer}`,
          properties: { OnDelete: "delete" },
        });
        expect(answer.Status).toBe("SUCCESS");
        return answer.Reason;
      };
      expect(await remove("bridge")).toContain("is deleted");
      expect(await remove("bridge")).toContain("was gone already");
      expect(await remove("foreign")).toContain("was made by somebody else");
      const left = await operator.jsm.consumers.list("REMOVE").next();
      expect(left.map(({ name }) => name).toSorted()).toEqual(["another", "foreign"]);
    });

    test("that was there before a deployment outlives it, also when the deployment fails later and is rolled back", async () => {
      const environment = await given("BEFORE");
      const properties = { OnDelete: "delete" };
      const theirs = await preflight(environment, { properties });
      const ours = await preflight(environment, { properties });
      expect(ours.answer).toMatchObject({ Status: "SUCCESS", Data: { Made: "false" } });
      const remove = async (physicalId: string): Promise<string> =>
        (await preflight(environment, { type: "Delete", physicalId, properties })).answer.Reason;
      expect(await remove(ours.answer.PhysicalResourceId)).toBe("nothing to delete");
      expect(await operator.info("BEFORE", "bridge")).toBeDefined();
      expect(await remove(theirs.answer.PhysicalResourceId)).toContain("is deleted");
    });

    test("that was deleted since the last deployment is made anew, and that is said", async () => {
      const environment = await given("DELETED");
      expect((await preflight(environment)).answer.Reason).toBe("");
      await operator.jsm.consumers.delete("DELETED", "bridge");
      const again = { type: "Update", physicalId: "DELETED/bridge" } as const;
      const { answer } = await preflight(environment, again);
      expect(answer.Data?.Made).toBe("true");
      expect(answer.Reason).toContain("was deleted since: it is made anew, and begins where");
      const renamed = { ...again, physicalId: "DELETED/old" };
      await operator.jsm.consumers.delete("DELETED", "bridge");
      expect((await preflight(environment, renamed)).answer.Reason).toBe("");
    });

    test("with several filters is made, or said to need a later server", async () => {
      const environment = await given("SEVERAL");
      const { answer } = await preflight({
        ...environment,
        JETSTREAM_FILTER_SUBJECTS: "SEVERAL.a,SEVERAL.b.>",
      });
      if (isAtLeast(version, "2.10")) expect(answer.Data?.Made).toBe("true");
      else
        expect(answer.Reason).toContain("several JETSTREAM_FILTER_SUBJECTS need nats-server 2.10");
    });

    test("that a work queue does not allow is refused in plain words", async () => {
      const environment = await given("WORK", { retention: "workqueue" });
      await operator.consumer("WORK", "other");
      const { answer } = await preflight(environment);
      expect(answer.Status).toBe("FAILED");
      expect(answer.Reason).toMatch(/\(10099\): stream WORK is a work queue, .* JETSTREAM_FILTER/);
      await operator.jsm.consumers.delete("WORK", "other");
      const late = await preflight({ ...environment, JETSTREAM_DELIVER_POLICY: "new" });
      expect(late.answer.Reason).toContain("JETSTREAM_DELIVER_POLICY");
    });
  });

  test.skipIf(!binary)(
    "a namesake in the domain of the leaf node that it connects to is refused",
    async () => {
      const port = await freePort();
      const hub = await startNatsServer({
        binary: binary!,
        config: `jetstream { domain: hub }, leafnodes { listen: "127.0.0.1:${port}" }`,
      });
      const leaf = await startNatsServer({
        binary: binary!,
        config: `jetstream { domain: leaf }, leafnodes { remotes: [{ url: "nats://127.0.0.1:${port}" }] }`,
      });
      const [atHub, atLeaf] = await Promise.all([operate(hub.url), operate(leaf.url)]);
      for (const there of [atHub, atLeaf]) await there.stream("SPLIT");
      const environment = {
        ...(await given("SPLIT")),
        NATS_URL: leaf.url,
        NATS_JS_DOMAIN: "hub",
      };
      const first = await preflight(environment);
      expect([first.answer.Status, first.answer.Reason]).toEqual(["SUCCESS", ""]);
      await atLeaf.consumer("SPLIT", "bridge");
      const { answer } = await preflight(environment, {
        type: "Update",
        physicalId: "SPLIT/bridge",
      });
      expect(answer.Status).toBe("FAILED");
      expect(answer.Reason).toContain("has a stream SPLIT with a consumer bridge of its own");
      // Named twice, it is the same domain.
      const direct = { ...environment, NATS_URL: hub.url };
      expect((await preflight(direct)).answer.Status).toBe("SUCCESS");
      await Promise.all([atHub.close(), atLeaf.close()]);
      await Promise.all([hub.stop(), leaf.stop()]);
    },
  );
});
