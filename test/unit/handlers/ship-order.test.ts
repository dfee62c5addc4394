// As the test of a handler of your own could be: no NATS, no AWS, and a carrier that answers as the test wants.
import { deliver, type DeliverOptions, message, type Verdict } from "jetstream-aws-bridge/testing";
import { afterEach, expect, test, vi } from "vitest";
import { handler } from "../../../functions/handlers/ship-order.ts";

afterEach(() => vi.unstubAllGlobals());

const ORDER = { json: { id: "o-7", total: 12 }, streamSequence: 42, timestamp: new Date(1e12) };
const ID = "ORDERS/42/1000000000000000000";

interface Ordered {
  readonly key: string | null;
  readonly body: unknown;
  readonly signal: AbortSignal | null;
}

/** A carrier that gives this answer; returns what it was asked. */
function carrier(answer: () => Response): readonly Ordered[] {
  const asked: Ordered[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    asked.push({
      key: request.headers.get("idempotency-key"),
      body: await request.json(),
      signal: init.signal ?? null,
    });
    return answer();
  });
  return asked;
}

/** The verdict on an order, and what was published and logged for it. */
async function ship(options: DeliverOptions = {}): Promise<{
  readonly verdict: Verdict;
  readonly published: readonly string[];
  readonly logged: readonly string[];
}> {
  const published: string[] = [];
  const logged: string[] = [];
  const verdict = await deliver(handler, ORDER, {
    publish: ({ data, id, subject }) => {
      published.push(`${id} ${subject} ${new TextDecoder().decode(data)}`);
    },
    log: (level, text, details) => logged.push(`${level} ${text} ${JSON.stringify(details)}`),
    ...options,
  });
  return { verdict, published, logged };
}

test("an order becomes a parcel, and the parcel is published", async () => {
  const asked = carrier(() => Response.json({ parcel: "p-1" }));
  const { logged, published, verdict } = await ship();
  expect(verdict).toEqual({ kind: "accepted" });
  expect(asked).toMatchObject([{ key: ID, body: { order: "o-7" } }]);
  expect(published).toEqual([
    `${ID}/test/shipments.created/1 shipments.created {"order":"o-7","parcel":"p-1"}`,
  ]);
  expect(logged).toEqual(['info shipped {"order":"o-7","parcel":"p-1"}']);
});

test("handled again, the carrier and the stream see the same ids again", async () => {
  const asked = carrier(() => Response.json({ parcel: "p-1" }));
  const first = await ship();
  const again = await ship();
  expect(again.published).toEqual(first.published);
  expect(asked.map(({ key }) => key)).toEqual([message(ORDER).id, message(ORDER).id]);
});

test.each([0, -1, undefined])(
  "an order with a total of %s is rejected, unseen by the carrier",
  async (total) => {
    const asked = carrier(() => Response.json({}));
    expect(await deliver(handler, { json: { id: "o-7", total } })).toEqual({
      kind: "rejected",
      reason: "order o-7 has no total",
    });
    expect(asked).toEqual([]);
  },
);

test.each([null, 7, []])("a payload of %j is no order, and rejected", async (json) => {
  const asked = carrier(() => Response.json({}));
  const reason = "order undefined has no total";
  expect(await deliver(handler, { json })).toEqual({ kind: "rejected", reason });
  expect(asked).toEqual([]);
});

test("what is not JSON is rejected", async () => {
  expect(await deliver(handler, { text: "{" })).toMatchObject({
    kind: "rejected",
    reason: expect.stringMatching(/^the payload is not JSON/),
  });
});

test("a busy carrier is asked again in half a minute, which is no failure", async () => {
  carrier(() => new Response("", { status: 429 }));
  const { published, verdict } = await ship();
  expect(verdict).toEqual({ kind: "retry", after: "30s", reason: "the carrier is busy" });
  expect(published).toEqual([]);
});

test.each<[string, () => Response, string]>([
  ["fails", () => new Response("", { status: 503 }), "Error: the carrier answered 503"],
  [
    "cannot be reached",
    () => {
      throw new TypeError("fetch failed");
    },
    "TypeError: fetch failed",
  ],
])("a carrier that %s is asked again, with a growing delay", async (_what, answer, reason) => {
  carrier(answer);
  expect((await ship()).verdict).toEqual({ kind: "failed", reason });
});

test("an order whose parcel could not be published is not done", async () => {
  carrier(() => Response.json({ parcel: "p-1" }));
  const publish = (): never => {
    throw new Error("no stream takes shipments.created");
  };
  expect((await ship({ publish })).verdict).toEqual({
    kind: "failed",
    reason: "Error: no stream takes shipments.created",
  });
});

test("the carrier's request ends with the time of the run", async () => {
  const { signal } = new AbortController();
  const asked = carrier(() => Response.json({ parcel: "p-1" }));
  await ship({ signal });
  expect(asked[0]?.signal).toBe(signal);
});
