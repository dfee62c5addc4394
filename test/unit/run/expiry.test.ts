// Messages that the stream dropped before they were delivered: each counts once, and nothing else does.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamState } from "../../../functions/bridge/core/ports.ts";
import { Expiry } from "../../../functions/bridge/run/expiry.ts";
import { consumerState } from "../../support/consumer-state.ts";
import { message } from "../../support/messages.ts";

function look(
  expiry: Expiry,
  given: {
    readonly first: number;
    readonly last?: number;
    readonly delivered: number;
    readonly consumerSequence?: number;
    readonly gapIsLoss?: boolean;
    /** Of 100 that it may keep. */
    readonly messages?: number;
  },
): number | undefined {
  const { consumerSequence = 0, delivered, first, last = 100, messages = 100 } = given;
  const { gapIsLoss = true } = given;
  const most = { messages: 100 };
  const stream: StreamState = { first, last, messages, bytes: 0, most, gapIsLoss };
  const deliveredTo = {
    deliveredStreamSequence: delivered,
    deliveredConsumerSequence: consumerSequence,
  };
  return expiry.look(consumerState({ ...deliveredTo, stream }));
}

function deliver(expiry: Expiry, streamSequence: number, consumerSequence: number): void {
  expiry.delivered(message({ streamSequence, consumerSequence }));
}

describe("a look", () => {
  test("counts what is gone and was never delivered, once", () => {
    const expiry = new Expiry();
    expect(look(expiry, { first: 11, delivered: 3 })).toBe(7);
    expect(look(expiry, { first: 11, delivered: 3 })).toBe(0);
    expect(look(expiry, { first: 14, delivered: 3 })).toBe(3);
    expect(look(expiry, { first: 14, delivered: 20 })).toBe(0);
  });

  test("counts nothing that was delivered, or is before the consumer's start", () => {
    const expiry = new Expiry();
    expect(look(expiry, { first: 6, delivered: 5 })).toBe(0);
    expect(look(expiry, { first: 6, delivered: 99 })).toBe(0);
    expect(look(new Expiry(), { first: 0, last: 0, delivered: 0 })).toBe(0);
  });

  test("knows nothing where the state does not tell", () => {
    const expiry = new Expiry();
    expect(look(expiry, { first: 11, delivered: 3, gapIsLoss: false })).toBeUndefined();
    expect(expiry.look(consumerState())).toBeUndefined();
  });

  test("begins anew where the stream is behind what was delivered: it is another one, or has lost its tail", () => {
    const expiry = new Expiry();
    look(expiry, { first: 1, last: 100, delivered: 100 });
    expect(look(expiry, { first: 8, last: 10, delivered: 2 })).toBe(5);
  });
});

describe("between two looks", () => {
  test("a gap between deliveries counts once nothing older is left", () => {
    const expiry = new Expiry();
    look(expiry, { first: 1, delivered: 0 });
    deliver(expiry, 1, 1);
    deliver(expiry, 5, 2);
    expect(look(expiry, { first: 5, delivered: 5, consumerSequence: 2 })).toBe(3);
    expect(look(expiry, { first: 5, delivered: 5, consumerSequence: 2 })).toBe(0);
  });

  test("a gap behind which older messages are left was no expiry: somebody deleted one of them", () => {
    const expiry = new Expiry();
    look(expiry, { first: 1, delivered: 0 });
    deliver(expiry, 1, 1);
    deliver(expiry, 3, 2);
    expect(look(expiry, { first: 1, delivered: 3, consumerSequence: 2 })).toBe(0);
    expect(look(expiry, { first: 4, delivered: 3, consumerSequence: 2 })).toBe(0);
  });

  test("a gap was a purge where the stream is far from its limits", () => {
    const expiry = new Expiry();
    look(expiry, { first: 1, delivered: 0 });
    deliver(expiry, 1, 1);
    deliver(expiry, 5, 2);
    expect(look(expiry, { first: 5, delivered: 5, consumerSequence: 2, messages: 1 })).toBe(0);
  });

  test("what somebody else got has not expired", () => {
    const expiry = new Expiry();
    look(expiry, { first: 1, delivered: 0 });
    deliver(expiry, 1, 1);
    deliver(expiry, 5, 5);
    expect(look(expiry, { first: 5, delivered: 5, consumerSequence: 5 })).toBe(0);
  });

  test("a redelivery shows nothing", () => {
    const expiry = new Expiry();
    look(expiry, { first: 1, delivered: 8, consumerSequence: 8 });
    deliver(expiry, 2, 9);
    deliver(expiry, 7, 10);
    expect(look(expiry, { first: 7, delivered: 8, consumerSequence: 10 })).toBe(0);
  });

  test("what is before the first delivery after a look that counted it is not counted again", () => {
    const expiry = new Expiry();
    expect(look(expiry, { first: 11, delivered: 3, consumerSequence: 3 })).toBe(7);
    deliver(expiry, 14, 4);
    expect(look(expiry, { first: 14, delivered: 14, consumerSequence: 4 })).toBe(3);
  });
});

const anyStep = fc.oneof(
  { weight: 3, arbitrary: fc.constant("deliver" as const) },
  { weight: 1, arbitrary: fc.constant("look" as const) },
  { weight: 1, arbitrary: fc.constant("receive" as const) },
  { weight: 1, arbitrary: fc.record({ expire: fc.integer({ min: 1, max: 6 }) }) },
);

test("whatever expires, is looked at, and still on its way then, exactly what was never delivered is counted", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const last = 1000;
      const expiry = new Expiry();
      let [first, delivered, consumerSequence, lost, counted] = [1, 0, 0, 0, 0];
      const onTheWay: [number, number][] = [];
      const lookNow = (): void => {
        counted += look(expiry, { first, last, delivered, consumerSequence }) ?? Number.NaN;
      };
      lookNow();
      for (const step of [...steps, "receive" as const, "look" as const]) {
        if (step === "look") lookNow();
        else if (step === "receive") {
          for (const [sequence, place] of onTheWay.splice(0)) deliver(expiry, sequence, place);
        } else if (step === "deliver") {
          delivered = Math.max(delivered + 1, first);
          consumerSequence += 1;
          onTheWay.push([delivered, consumerSequence]);
        } else {
          lost += Math.max(0, first + step.expire - 1 - Math.max(delivered, first - 1));
          first += step.expire;
        }
      }
      expect(counted).toBe(lost);
    }),
  );
});
