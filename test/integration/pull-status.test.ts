// How a pull ends, and what the source makes of it, on the newest and on the oldest supported server. The changes of a
// leader are in cluster.test.ts; what a whole service makes of it is in stop-names.test.ts.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Verdict } from "../../functions/bridge/core/settlement.ts";
import type { JetStreamSource } from "../../functions/bridge/source/jetstream-source.ts";
import { bothServers } from "../support/both-servers.ts";
import { type OpenedSource, openSource, operate, type Operator } from "../support/jetstream.ts";
import { isAtLeast, type RunningServer, startNatsServer } from "../support/nats-server.ts";

const USERS = `
  users: [
    { user: operator, password: operator }
    { user: bridge, password: bridge }
    { user: no-pull, password: no-pull, permissions: { publish: { deny: "$JS.API.CONSUMER.MSG.NEXT.>" } } }
    { user: no-ack, password: no-ack, permissions: { publish: { deny: "$JS.ACK.>" } } }
    { user: no-subscribe, password: no-subscribe, permissions: { subscribe: { deny: "_INBOX.>" } } }
    { user: no-stream-info, password: no-stream-info, permissions: { publish: { deny: "$JS.API.STREAM.INFO.>" } } }
  ]`;

const pullOf = (batch: number, waitMs = 200, maxBytes = 0) => ({ batch, waitMs, maxBytes });

function sequences(pulled: Awaited<ReturnType<JetStreamSource["pull"]>>): readonly number[] {
  return pulled.held.map(({ message }) => message.streamSequence);
}

function acks(pulled: Awaited<ReturnType<JetStreamSource["pull"]>>): readonly Verdict[] {
  return pulled.held.map((held) => ({ kind: "ack", held }));
}

describe.each(await bothServers())("on $which", ({ binary, version }) => {
  let server: RunningServer;
  let operator: Operator;
  const sources: JetStreamSource[] = [];

  beforeAll(async () => {
    if (!binary) return;
    server = await startNatsServer({ binary, config: `authorization { ${USERS} }` });
    operator = await operate(server.url, { user: "operator", pass: "operator" });
  });
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.close()));
    await operator?.close();
    await server?.stop();
  });

  /** A stream of its own with `count` messages, and the source of a bridge with permissions of `user`. */
  async function given(
    stream: string,
    count: number,
    user = "bridge",
    config: Parameters<Operator["consumer"]>[2] = {},
  ): Promise<OpenedSource> {
    await operator.stream(stream);
    await operator.publish(`${stream}.a`, count);
    await operator.consumer(stream, "bridge", config);
    const opened = await openSource(server.url, stream, "bridge", {
      connection: { credentials: { user, password: user } },
    });
    sources.push(opened.source);
    return opened;
  }

  describe.skipIf(!binary).concurrent("a pull", () => {
    test("of an empty stream waits its time and is no fault", async () => {
      const { source } = await given("EMPTY", 0);
      const startedAt = performance.now();
      expect(await source.pull(pullOf(5, 300))).toEqual({ held: [], end: "waited" });
      expect(performance.now() - startedAt).toBeGreaterThan(250);
      expect(await source.state()).toMatchObject({ pending: 0, ackPending: 0, paused: false });
    });

    test("for just what is there is filled", async () => {
      const { source } = await given("FILLED", 3);
      const pulled = await source.pull(pullOf(3));
      expect(pulled.end).toBe("filled");
      expect(sequences(pulled)).toEqual([1, 2, 3]);
    });

    test("for more than is there ends at once, drained", async () => {
      const { source } = await given("DRAINED", 3);
      const startedAt = performance.now();
      const pulled = await source.pull(pullOf(5, 2000));
      expect(pulled.end).toBe("drained");
      expect(sequences(pulled)).toEqual([1, 2, 3]);
      expect(performance.now() - startedAt).toBeLessThan(1000);
    });

    test("that waits brings what is published meanwhile", async () => {
      const { source } = await given("MEANWHILE", 0);
      const pulling = source.pull(pullOf(5, 2000));
      await operator.publish("MEANWHILE.a", 1);
      expect(sequences(await pulling)).toEqual([1]);
    });

    test("while max ack pending is full waits, and the state tells why", async () => {
      const { source } = await given("FULL", 10, "bridge", { max_ack_pending: 2, ack_wait: 30e9 });
      expect(sequences(await source.pull(pullOf(2)))).toEqual([1, 2]);
      expect(await source.pull(pullOf(2))).toEqual({ held: [], end: "waited" });
      expect(await source.state()).toMatchObject({ ackPending: 2, maxAckPending: 2, pending: 8 });
    });

    test("that fills max ack pending in mid-batch ends without waiting for its time", async () => {
      const { source } = await given("PARTLY", 10, "bridge", {
        max_ack_pending: 3,
        ack_wait: 30e9,
      });
      const startedAt = performance.now();
      const pulled = await source.pull(pullOf(5, 3000));
      expect(performance.now() - startedAt).toBeLessThan(1000);
      expect(sequences(pulled)).toEqual([1, 2, 3]);
      expect(pulled.end).toBe("waited");
      // The server still has that pull: what settling makes room for comes through it, and nothing is lost or doubled.
      expect((await source.settle(acks(pulled))).confirmed).toHaveLength(3);
      const rest: number[] = [];
      while (rest.length < 7) {
        const more = await source.pull(pullOf(5));
        rest.push(...sequences(more));
        await source.settle(acks(more));
      }
      expect(rest).toEqual([4, 5, 6, 7, 8, 9, 10]);
    });

    test("whose first message is over its byte budget says so, and one without a budget gets it", async () => {
      const { source } = await given("BUDGET", 0);
      operator.nc.publish("BUDGET.a", new Uint8Array(5000));
      await operator.publish("BUDGET.a", 1);
      expect(await source.pull(pullOf(5, 300, 1000))).toEqual({ held: [], end: "budget" });
      expect(sequences(await source.pull(pullOf(1)))).toEqual([1]);
      expect(sequences(await source.pull(pullOf(5, 300, 1000)))).toEqual([2]);
    });

    test("of a paused consumer waits, and the state tells why (2.11 and later)", async () => {
      if (!isAtLeast(version, "2.11")) return;
      const { source } = await given("PAUSED", 3);
      await operator.jsm.consumers.pause("PAUSED", "bridge", new Date(Date.now() + 60_000));
      expect(await source.pull(pullOf(5))).toEqual({ held: [], end: "waited" });
      expect(await source.state()).toMatchObject({ paused: true, pending: 3 });
      await operator.jsm.consumers.resume("PAUSED", "bridge");
      expect(sequences(await source.pull(pullOf(3)))).toEqual([1, 2, 3]);
    });

    test("ends as gone when the consumer is deleted while it waits", async () => {
      const { source } = await given("DELETED", 0);
      const pulling = source.pull(pullOf(5, 3000));
      await source.state(); // answered after the pull has arrived
      await operator.jsm.consumers.delete("DELETED", "bridge");
      expect(await pulling).toMatchObject({ end: "gone", held: [] });
    });

    test("ends as gone when the stream is deleted while it waits", async () => {
      const { source } = await given("NOSTREAM", 0);
      const pulling = source.pull(pullOf(5, 500));
      await source.state();
      await operator.jsm.streams.delete("NOSTREAM");
      expect(await pulling).toMatchObject({ end: "gone", held: [] });
    });

    test("from a consumer that was deleted before finds out that it is gone", async () => {
      const { source } = await given("MISSING", 3);
      await operator.jsm.consumers.delete("MISSING", "bridge");
      const { end } = await source.pull(pullOf(5));
      // Before 2.10 the server does not answer, and the source asks it for the state by itself.
      expect(end).toBe(isAtLeast(version, "2.10") ? "interrupted" : "gone");
      expect(await source.state()).toMatchObject({
        end: "gone",
        cause: expect.objectContaining({
          message: "consumer bridge of stream MISSING: consumer not found (10014)",
        }),
      });
    });

    test("without the permission to pull is refused, and names the subject", async () => {
      const { source } = await given("NOPULL", 3, "no-pull");
      const pulled = await source.pull(pullOf(5, 2000));
      expect(pulled).toMatchObject({ end: "refused", held: [] });
      expect((pulled as { cause: Error }).cause.message).toContain(
        "NATS denies this user $JS.API.CONSUMER.MSG.NEXT.NOPULL.bridge",
      );
    });

    test("without the permission to ack ends as refused once an ack was tried", async () => {
      const { source } = await given("NOACK", 3, "no-ack");
      const pulled = await source.pull(pullOf(3));
      expect(sequences(pulled)).toEqual([1, 2, 3]);
      expect(await source.settle(acks(pulled))).toMatchObject({ confirmed: [] });
      const next = await source.pull(pullOf(3));
      expect(next.end).toBe("refused");
      expect((next as { cause: Error }).cause.message).toContain("$JS.ACK.NOACK.bridge.");
    });

    test("cannot even begin without the permission to receive answers", async () => {
      const opening = given("NOSUBSCRIBE", 3, "no-subscribe");
      await expect(opening).rejects.toMatchObject({ end: "refused" });
      await expect(opening).rejects.toThrow(/NATS denies this user _INBOX\./);
    });

    test("goes on without the permission to read the stream; that is said once", async () => {
      const { source, events } = await given("NOINFO", 3, "no-stream-info");
      const pulled = await source.pull(pullOf(3));
      expect((await source.settle(acks(pulled))).confirmed).toHaveLength(3);
      const state = await source.state();
      expect(state).toMatchObject({ ackPending: 0, pending: 0 });
      expect(state).not.toHaveProperty("stream");
      await source.state();
      expect(events).toEqual([
        {
          event: "stream-not-readable",
          details: expect.objectContaining({ advice: "allow $JS.API.STREAM.INFO.NOINFO" }),
        },
      ]);
    });

    test.each([
      ["max_batch", "MAXBATCH", { max_batch: 2 }, pullOf(5), { end: "filled", brought: 2 }],
      [
        "max_expires",
        "MAXEXPIRES",
        { max_expires: 100e6 },
        pullOf(5, 500),
        { end: "drained", brought: 3 },
      ],
      [
        "max_bytes",
        "MAXBYTES",
        { max_bytes: 1000 },
        pullOf(5, 200, 5000),
        { end: "drained", brought: 3 },
      ],
    ] as const)(
      "a pull asks for no more than the consumer's own %s",
      async (_, stream, config, pull, expected) => {
        const { source } = await given(stream, 3, "bridge", config);
        const { end, held } = await source.pull(pull);
        expect({ end, brought: held.length }).toEqual(expected);
      },
    );

    test("beyond the number of waiting pulls is interrupted, to be tried again", async () => {
      const { source } = await given("WAITING", 0, "bridge", { max_waiting: 1 });
      const other = operator.take("WAITING", "bridge", 1, 400);
      await operator.nc.flush();
      const pulled = await source.pull(pullOf(5, 300));
      expect(pulled).toMatchObject({ end: "interrupted", held: [] });
      expect((pulled as { cause: Error }).cause.message).toMatch(/MaxWaiting/);
      expect(await other).toEqual([]);
      expect(await source.pull(pullOf(5, 100))).toEqual({ held: [], end: "waited" });
    });
  });

  test.skipIf(!binary)("a pull ends as broken when the server is killed", async () => {
    const { source } = await given("KILLED", 3);
    const pulled = await source.pull(pullOf(3));
    const pulling = source.pull(pullOf(5, 5000));
    await source.state();
    const killedAt = performance.now();
    await server.kill();
    expect(await pulling).toMatchObject({ end: "broken", held: [] });
    expect(performance.now() - killedAt).toBeLessThan(2000);
    // Nobody is there to confirm an ack, and that is said.
    expect(await source.settle(acks(pulled))).toMatchObject({ confirmed: [] });
  });
});
