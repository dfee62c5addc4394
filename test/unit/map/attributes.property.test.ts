// What a receiver can rely on, whatever headers a message has: nothing is lost, and SQS takes it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { withHeaders } from "../../../functions/bridge/map/attributes.ts";
import { anyHeaders } from "../../support/messages.ts";
import { isLegalName, isLegalText } from "../../support/sqs-rules.ts";

const OURS = new Set(["nats-id", "nats-headers", "nats-encoding", "dead-letter-reason"]);

/** Two in the ordinary case, up to six with an encoding and a letter. */
const anyOwn = fc
  .constantFrom(2, 3, 5, 6)
  .map((count) =>
    [
      "nats-id",
      "nats-subject",
      "dead-letter-reason",
      "dead-letter-evidence",
      "dead-letter-tries",
      "nats-encoding",
    ].slice(0, count),
  )
  .map((names) => new Map(names.map((name) => [name, "ours"])));

test("never more than ten attributes, each with a name and a value that SQS takes", () => {
  fc.assert(
    fc.property(anyOwn, anyHeaders(), (own, headers) => {
      const attributes = withHeaders(own, headers);
      expect(attributes.size).toBeLessThanOrEqual(10);
      for (const [name, value] of attributes) {
        expect([name, isLegalName(name)]).toEqual([name, true]);
        expect([value, isLegalText(value)]).toEqual([value, true]);
      }
    }),
    { numRuns: 500 },
  );
});

test("attributes and nats-headers together are all headers, each exactly once", () => {
  fc.assert(
    fc.property(anyOwn, anyHeaders(), (own, headers) => {
      const attributes = withHeaders(own, headers);
      const rest = new Map(
        Object.entries(JSON.parse(attributes.get("nats-headers") ?? "{}") as object),
      );
      const found = new Map(rest);
      for (const [name, value] of attributes) {
        if (own.has(name) || name === "nats-headers") continue;
        expect(rest.has(name)).toBe(false);
        found.set(name, [value]);
      }
      expect(found).toEqual(headers);
    }),
    { numRuns: 500 },
  );
});

test("our own attributes are never touched", () => {
  fc.assert(
    fc.property(anyOwn, anyHeaders(), (own, headers) => {
      const attributes = withHeaders(own, headers);
      for (const [name, value] of own) expect(attributes.get(name)).toBe(value);
    }),
  );
});

test("nats-headers is there only when some header found no other place", () => {
  fc.assert(
    fc.property(anyOwn, anyHeaders(), (own, headers) => {
      const attributes = withHeaders(own, headers);
      const isNeeded = [...headers.keys()].some((name) => !attributes.has(name) || OURS.has(name));
      expect(attributes.has("nats-headers")).toBe(isNeeded);
    }),
  );
});
