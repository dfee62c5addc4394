import fc from "fast-check";
import { expect, test } from "vitest";
import { Hand, type Item } from "../../../functions/bridge/run/hand.ts";
import { held } from "../../support/messages.ts";

function item(sequence: number): Item<string> {
  return {
    held: held(sequence),
    prepared: `entry ${sequence}`,
    size: 1,
    sequence,
    group: undefined,
    notBefore: 0,
    patientUntil: 0,
    hadFairTrial: false,
    letter: undefined,
  };
}

function handOf(...sequences: readonly number[]): Hand<string> {
  const hand = new Hand<string>();
  for (const sequence of sequences) hand.add(item(sequence));
  return hand;
}

const sequencesOf = (hand: Hand<string>): number[] => [...hand].map(({ sequence }) => sequence);

test("what is held is in stream order, in whatever order it came", () => {
  expect(sequencesOf(handOf(3, 1, 2))).toEqual([1, 2, 3]);
});

test("a message that is held is found by its sequence, so that a redelivery is not held twice", () => {
  const hand = handOf(3, 1);
  expect(hand.find(3)?.prepared).toBe("entry 3");
  expect(hand.find(2)).toBeUndefined();
});

test("what is removed is neither found nor counted any more", () => {
  const hand = handOf(1, 2, 3);
  const removed = hand.find(2) as Item<string>;
  expect(hand.has(removed)).toBe(true);
  hand.remove([removed]);
  expect(hand.has(removed)).toBe(false);
  expect(sequencesOf(hand)).toEqual([1, 3]);
  expect(hand.find(2)).toBeUndefined();
  expect(hand.size).toBe(2);
});

test("removing what is not held changes nothing", () => {
  const hand = handOf(1, 2);
  hand.remove([item(7), item(2)]);
  hand.remove([]);
  expect(sequencesOf(hand)).toEqual([1, 2]);
});

test("one that has taken the place of another is not removed with it, whenever that is", () => {
  const hand = handOf(1, 2, 3);
  const before = hand.find(2) as Item<string>;
  hand.remove([before]);
  const now = item(2);
  hand.add(now);
  hand.remove([before]);
  expect([hand.has(before), hand.has(now)]).toEqual([false, true]);
  hand.remove([before, hand.find(3) as Item<string>]);
  expect([...hand]).toEqual([hand.find(1), now]);
  expect(hand.find(2)).toBe(now);
});

test("a hand can be emptied while it is looked through", () => {
  const hand = handOf(1, 2, 3);
  hand.remove([...hand]);
  expect([hand.size, sequencesOf(hand)]).toEqual([0, []]);
});

const anySteps = fc.array(
  fc.record({ adds: fc.boolean(), sequences: fc.uniqueArray(fc.nat(30), { maxLength: 6 }) }),
  { maxLength: 20 },
);

test("after any adding and removing the hand is what a sorted set would be", () => {
  fc.assert(
    fc.property(anySteps, (steps) => {
      const hand = new Hand<string>();
      const expected = new Set<number>();
      for (const { adds, sequences } of steps) {
        if (adds) {
          for (const sequence of sequences) {
            if (!hand.find(sequence)) hand.add(item(sequence));
            expected.add(sequence);
          }
        } else {
          // Others of the same sequences are none of those that are held.
          hand.remove(sequences.map(item));
          expect(hand.size).toBe(expected.size);
          hand.remove(sequences.flatMap((sequence) => hand.find(sequence) ?? []));
          for (const sequence of sequences) expected.delete(sequence);
        }
        expect(sequencesOf(hand)).toEqual([...expected].toSorted((one, other) => one - other));
        expect(hand.size).toBe(expected.size);
        for (let at = 0; at <= 30; at += 1) {
          expect(hand.find(at)?.sequence).toBe(expected.has(at) ? at : undefined);
        }
      }
    }),
  );
});
