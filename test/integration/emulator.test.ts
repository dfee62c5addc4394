// The real service against an emulator of AWS that was not written for this project: through the rules of a bus into
// queues, and into functions deployed from zip files. Where the emulator falls short stands in test/support/ministack.ts;
// those cases are in eventbridge.test.ts and lambda-target.test.ts.
import { setTimeout as sleep } from "node:timers/promises";
import { headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectGoodEnd, sorted } from "../support/arrivals.ts";
import { findMinistack } from "../support/fetch-ministack.ts";
import { type Emulator, startMinistack } from "../support/ministack.ts";
import { numberOf, type Parts, type Route, startParts, upTo } from "../support/parts.ts";

const isThere = await findMinistack().then(
  () => true,
  () => false,
);

let parts: Parts;
let emulator: Emulator;

beforeAll(async () => {
  if (isThere) [parts, emulator] = await Promise.all([startParts(), startMinistack()]);
});

afterAll(async () => {
  await Promise.all([parts?.[Symbol.asyncDispose](), emulator?.[Symbol.asyncDispose]()]);
});

/** A route into the emulator, its dead letters too, with short times. */
async function towards(
  route: Route,
  target: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  return {
    ...emulator.sqs.environment,
    SQS_QUEUE_URL: "",
    DEAD_LETTER_QUEUE_URL: await emulator.sqs.createQueue(`${route.stream}-dead`),
    RETRY_DELAY_MIN: "50ms",
    RETRY_DELAY_MAX: "300ms",
    MAXIMUM_RETRY_ATTEMPTS: "2",
    ...target,
  };
}

/** What a rule puts into a queue. */
interface Delivered {
  readonly source: string;
  readonly "detail-type": string;
  readonly detail: { readonly nats: { readonly sequence: number; readonly subject: string } };
}

const delivered = async (queueUrl: string, expected: number): Promise<readonly Delivered[]> => {
  const received = await emulator.sqs.receiveAll(queueUrl, { expected });
  const events = received.map(({ body }) => JSON.parse(body) as Delivered);
  return events.toSorted((a, b) => a.detail.nats.sequence - b.detail.nats.sequence);
};

const FIELDS = ["id", "stream", "sequence", "subject", "timestamp", "headers"];

describe.skipIf(!isThere).concurrent("through the rules of a bus", () => {
  test("a rule on source, detail type and subject delivers what matches all three, once, and nothing else", async () => {
    const route = await parts.route("ruled");
    await emulator.createBus(route.stream);
    const [all, some] = [
      await emulator.sqs.createQueue("all"),
      await emulator.sqs.createQueue("some"),
    ];
    await emulator.createRule(route.stream, { source: [{ prefix: "shop." }] }, "all");
    const pattern = {
      source: ["shop.north"],
      "detail-type": ["order paid"],
      detail: { nats: { subject: [{ prefix: "ruled.g1." }] } },
    };
    await emulator.createRule(route.stream, pattern, "some");
    // Of the four with the right subject, one is from elsewhere and one is not paid.
    await route.publish(80, (number) => {
      const own = headers();
      own.set("Shop", number === 21 ? "south" : "north");
      own.set("State", number === 41 ? "open" : "paid");
      return { data: JSON.stringify({ number }), headers: own };
    });
    const settings = await towards(route, {
      EVENT_BUS_NAME: route.stream,
      EVENT_SOURCE: "shop.{header.Shop}",
      EVENT_DETAIL_TYPE: "order {header.State}",
    });
    await using bridge = route.start(settings);
    await route.drained();
    await expectGoodEnd(bridge);
    const everything = await delivered(all, 80);
    expect(everything.map(({ detail }) => detail)).toEqual(
      upTo(80).map((number) => expect.objectContaining({ number })),
    );
    const matching = await delivered(some, 2);
    expect(matching.map(({ detail }) => detail.nats.subject)).toEqual([
      "ruled.g1.1",
      "ruled.g1.61",
    ]);
    expect(matching).toEqual([everything[1], everything[61]]);
    expect(await emulator.sqs.count(settings["DEAD_LETTER_QUEUE_URL"]!)).toBe(0);
  });

  test("the detail is what the README says of each kind of payload", async () => {
    const route = await parts.route("details");
    await emulator.createBus(route.stream);
    const queueUrl = await emulator.sqs.createQueue("details");
    await emulator.createRule(route.stream, { source: ["nats.details"] }, "details");
    const nats = expect.objectContaining(
      Object.fromEntries(FIELDS.map((f) => [f, expect.anything()])),
    );
    const kinds: readonly (readonly [data: string | Uint8Array, detail: object])[] = [
      [`{"order":7,"paid":true}`, { order: 7, paid: true, nats }],
      [`{"nats":{"mine":1}}`, { nats, data: { nats: { mine: 1 } } }],
      [`[1,"x"]`, { nats, data: [1, "x"] }],
      ["null", { nats, data: null }],
      [`"text"`, { nats, data: `"text"` }],
      ["plain text, ü 🦊", { nats, data: "plain text, ü 🦊" }],
      ["", { nats, data: "" }],
      [Uint8Array.of(0xff, 0x00), { nats, data_base64: "/wA=" }],
    ];
    await route.publish(kinds.length, (number) => ({ data: kinds[number]![0] }));
    await using bridge = route.start(await towards(route, { EVENT_BUS_NAME: route.stream }));
    await route.drained();
    await expectGoodEnd(bridge);
    const events = await delivered(queueUrl, kinds.length);
    expect(events.map(({ detail }) => detail)).toEqual(kinds.map(([, detail]) => detail));
    expect(events[3]).toMatchObject({
      source: "nats.details",
      "detail-type": "details.g3.3",
      detail: { nats: { stream: "details", sequence: 4, subject: "details.g3.3", headers: {} } },
    });
  });
});

/** Number 7 has no items, number 12 as many as said; all others have one. */
async function publishOrders(route: Route, count: number, itemsOf12: number): Promise<void> {
  const items: Readonly<Record<number, number>> = { 7: 0, 12: itemsOf12 };
  await route.publish(count, (number) => ({
    data: JSON.stringify({ number, items: items[number] ?? 1 }),
  }));
}

describe.skipIf(!isThere).concurrent("into functions written for SQS, deployed as they are", () => {
  test.each([
    {
      file: "plain.mjs",
      itemsOf12: -1,
      reasons: [
        "Runtime.HandlerError: order 7 has no items",
        /^Runtime\.HandlerError: .*process died/,
      ],
    },
    {
      file: "powertools.mjs",
      itemsOf12: 0,
      reasons: [/All records failed processing/, /All records failed processing/],
    },
    {
      file: "reporting.py",
      itemsOf12: 0,
      reasons: [/batchItemFailures/, /batchItemFailures/],
    },
  ])("all orders are shipped but the two that cannot be, which are buried ($file)", async (one) => {
    const { file, itemsOf12, reasons } = one;
    const name = file.split(".")[0]!;
    const route = await parts.route(name);
    const settings = await towards(route, {
      FUNCTION_ARN: await emulator.deploy(name, file),
      // One at a time: one process for the function, and one log in order.
      CONCURRENCY: "1",
    });
    await publishOrders(route, 40, itemsOf12);
    await using bridge = route.start(settings);
    const letterUrl = settings["DEAD_LETTER_QUEUE_URL"]!;
    // Only beside others that are accepted is a failure evidence: so life goes on until both are buried.
    while ((await emulator.sqs.count(letterUrl)) < 2) {
      await publishOrders(route, 5, 1);
      await sleep(100);
    }
    await route.drained();
    await expectGoodEnd(bridge);
    const count = (await parts.manager.streams.info(route.stream)).state.last_seq;
    const wanted = upTo(count).filter((number) => number !== 7 && number !== 12);
    const lines = (await emulator.printed(name)).filter((line) => line.startsWith("shipped "));
    const shipped = sorted(lines.map((line) => Number(line.replace("shipped ", ""))));
    // One that throws ships those before the culprit again; those that report failures are believed.
    expect(itemsOf12 < 0 ? [...new Set(shipped)] : shipped).toEqual(wanted);
    const letters = await emulator.sqs.receiveAll(letterUrl, { expected: 2 });
    const byNumber = letters.toSorted((a, b) => numberOf(a) - numberOf(b));
    expect(byNumber.map(numberOf)).toEqual([7, 12]);
    expect(byNumber.map(({ attributes }) => attributes["dead-letter-reason"])).toEqual(
      reasons.map((reason) => expect.stringMatching(reason)),
    );
    expect(bridge.receipts().at(-1)).toMatchObject({ acked: count - 2, buried: 2, unconfirmed: 0 });
  });
});
