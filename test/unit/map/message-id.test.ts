import fc from "fast-check";
import { expect, test } from "vitest";
import { messageId } from "../../../functions/bridge/map/message-id.ts";
import { message } from "../../support/messages.ts";

test("an id is origin, stream sequence and time in nanoseconds", () => {
  expect(messageId("ORDERS", message())).toBe("ORDERS/42/1700000000123456789");
});

test("nanoseconds and sequences beyond what a double holds exactly are kept exactly", () => {
  const late = message({
    streamSequence: Number.MAX_SAFE_INTEGER,
    timestampNanos: 9_223_372_036_854_775_807n,
  });
  expect(messageId("S", late)).toBe("S/9007199254740991/9223372036854775807");
});

test("a mirror gives the same id when it has its primary's origin", () => {
  const mirrored = message({ stream: "ORDERS-MIRROR", consumer: "other", consumerSequence: 99 });
  expect(messageId("ORDERS", mirrored)).toBe(messageId("ORDERS", message()));
});

test("a redelivery has the same id, whatever changed in between", () => {
  const again = message({ deliveryCount: 17, consumerSequence: 1234 });
  expect(messageId("ORDERS", again)).toBe(messageId("ORDERS", message()));
});

test("messages that differ in sequence or time differ in id, and both can be read off it", () => {
  const place = fc.record({
    streamSequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    timestampNanos: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  });
  fc.assert(
    fc.property(place, (given) => {
      const [sequence, nanos] = messageId("A/B", message(given)).split("/").slice(-2);
      expect(Number(sequence)).toBe(given.streamSequence);
      expect(BigInt(nanos ?? "")).toBe(given.timestampNanos);
    }),
  );
});
