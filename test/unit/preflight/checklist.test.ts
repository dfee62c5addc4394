import { expect, test } from "vitest";
import { Checklist, type Finding } from "../../../functions/bridge/preflight/checklist.ts";

function given(): { readonly list: Checklist; readonly told: Finding[] } {
  const told: Finding[] = [];
  return { list: new Checklist((finding) => void told.push(finding)), told };
}

test("what a check finds is told as it is found, and its value is there for later ones", async () => {
  const { list, told } = given();
  const value = await list.check("stream", async (check) => {
    check.warn("one replica");
    return { value: 7, text: "it is there" };
  });
  expect(value).toBe(7);
  expect(told).toEqual([
    { check: "stream", result: "warning", text: "one replica" },
    { check: "stream", result: "ok", text: "it is there" },
  ]);
  expect([list.warnings, list.failures]).toEqual([["one replica"], []]);
});

test("a check that throws has failed, and the others go on", async () => {
  const { list } = given();
  const value = await list.check("stream", () => Promise.reject(new Error("no stream")));
  await list.check("target", async () => ({ value: undefined, text: "there" }));
  expect(value).toBeUndefined();
  expect(list.failures).toEqual(["no stream"]);
});

test("what fails as a whole is a failure, whatever is still under way", () => {
  const { list, told } = given();
  void list.check("target", () => Promise.withResolvers<never>().promise);
  list.fail("time", "it ran out");
  expect(list.failures).toEqual(["it ran out"]);
  expect(told).toEqual([{ check: "time", result: "failure", text: "it ran out" }]);
});

test("what is still waited for is known, with what was said last", async () => {
  const { list } = given();
  const end = Promise.withResolvers<{ value: undefined; text: string }>();
  const open = list.check("connection", (check) => {
    check.waitsFor("connection refused");
    return end.promise;
  });
  void list.check<undefined>("target", () => new Promise(() => {}));
  expect(list.waiting).toEqual(["connection: connection refused", "target"]);
  end.resolve({ value: undefined, text: "connected" });
  await open;
  expect(list.waiting).toEqual(["target"]);
});
