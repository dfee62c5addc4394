import { expect, test } from "vitest";
import { ModelProcess } from "./model-process.ts";
import { Random } from "./random.ts";
import { settled, World } from "./world.ts";

test("no event happens before all that follows from the one before it", async () => {
  const world = new World(new Random(1));
  const seen: string[] = [];
  world.after(1, () => {
    void (async () => {
      for (let hop = 0; hop < 500; hop++) await Promise.resolve();
      seen.push("a long chain of promises");
    })();
  });
  world.after(1, () => seen.push("the next event"));
  await world.run(10);
  expect(seen).toEqual(["a long chain of promises", "the next event"]);
});

test("ticks that promises ask for are waited for as well", async () => {
  const seen: string[] = [];
  void Promise.resolve().then(() => process.nextTick(() => seen.push("tick")));
  await settled();
  await settled();
  expect(seen).toEqual(["tick"]);
});

test("events come in the order of their times, equal ones as they were asked for", async () => {
  const world = new World(new Random(1));
  const random = new Random(2);
  const seen: number[] = [];
  const times = Array.from({ length: 300 }, () => random.whole(0, 50));
  for (const [place, at] of times.entries()) world.at(at, () => seen.push(at * 1000 + place));
  await world.run(100);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen).toHaveLength(300);
});

test("a cancelled timer does not fire, and time goes on", async () => {
  const world = new World(new Random(1));
  const timer = world.after(5, () => expect.unreachable());
  world.cancel(timer);
  world.after(7, () => undefined);
  await world.run(100);
  expect(world.now).toBe(7);
});

test("a frozen process gets everything late, in order; a dead one nothing", async () => {
  const world = new World(new Random(1));
  const one = new ModelProcess(world, "one", new Random(1));
  const woken: string[] = [];
  void one.clock.sleep(10).then(() => woken.push(`10 at ${world.now}`));
  void one.clock.sleep(20).then(() => woken.push(`20 at ${world.now}`));
  void one.clock.sleep(90).then(() => woken.push("90"));
  world.at(5, () => one.freeze());
  world.at(50, () => one.thaw());
  world.at(60, () => one.kill());
  await world.run(1000);
  expect(woken).toEqual(["10 at 50", "20 at 50"]);
});

test("sleep ends at once when its signal is aborted", async () => {
  const world = new World(new Random(1));
  const one = new ModelProcess(world, "one", new Random(1));
  const stop = new AbortController();
  let at = -1;
  void one.clock.sleep(1000, stop.signal).then(() => (at = world.now));
  world.at(3, () => stop.abort());
  await world.run(10);
  expect(at).toBe(3);
});
