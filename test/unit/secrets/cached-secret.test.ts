import { expect, test } from "vitest";
import { CachedSecret } from "../../../functions/bridge/secrets/cached-secret.ts";
import { KEPT_MS, PAUSE_MS } from "../../../functions/bridge/secrets/freshness.ts";
import { termOf } from "../../../functions/bridge/secrets/term.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";

interface Value {
  readonly name: string;
  readonly expiresAt: number | undefined;
}

/** A secret whose text is its name, perhaps with when it expires: `name@2000`. */
class World {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  text = "one";
  fault: string | undefined;
  fetches = 0;
  readonly secret: CachedSecret<Value> = new CachedSecret({
    fetch: () => {
      this.fetches += 1;
      return this.fault === undefined
        ? Promise.resolve(this.text)
        : Promise.reject(new Error(this.fault));
    },
    read: (text) => {
      if (text === "nonsense") throw new Error("it makes no sense");
      const [name = "", end] = text.split("@");
      return { name, expiresAt: end === undefined ? undefined : Number(end) };
    },
    expiryOf: ({ expiresAt }) => expiresAt,
    now: () => this.clock.now(),
    notRead: (reason) => this.told.push(reason),
  });

  async current(): Promise<string> {
    return (await this.secret.current()).name;
  }
}

test("it is read once for many connections, and again after five minutes", async () => {
  const world = new World();
  const first = await world.secret.current();
  await world.clock.advance(KEPT_MS - 1);
  expect(await world.secret.current()).toBe(first);
  expect(world.fetches).toBe(1);
  await world.clock.advance(1);
  expect(await world.secret.current()).toBe(first);
  expect(world.fetches).toBe(2);
});

test("whoever asks while it is read gets the same answer", async () => {
  const world = new World();
  const [one, other] = await Promise.all([world.secret.current(), world.secret.readAgain()]);
  expect(one).toBe(other);
  expect(world.fetches).toBe(1);
});

test("without any value its fault is the answer, and the next asks again", async () => {
  const world = new World();
  world.fault = "throttled";
  await expect(world.secret.current()).rejects.toThrow("throttled");
  world.fault = undefined;
  expect(await world.current()).toBe("one");
});

test.each(["throttled", "nonsense"])(
  "with a value it goes on with that (%s), and tells it once",
  async (why) => {
    const world = new World();
    await world.current();
    world.fault = why === "throttled" ? why : undefined;
    world.text = why;
    await world.clock.advance(KEPT_MS);
    expect(await world.current()).toBe("one");
    expect(await world.current()).toBe("one");
    expect(world.fetches).toBe(2);
    await world.clock.advance(PAUSE_MS);
    expect(await world.current()).toBe("one");
    expect(world.fetches).toBe(3);
    expect(world.told).toHaveLength(1);
    // Back, away again: that is news.
    world.fault = undefined;
    world.text = "two";
    await world.clock.advance(PAUSE_MS);
    expect(await world.current()).toBe("two");
    world.fault = "throttled";
    await world.clock.advance(KEPT_MS);
    expect(await world.current()).toBe("two");
    expect(world.told).toHaveLength(2);
  },
);

test("one that has expired is not used when it cannot be read again", async () => {
  const world = new World();
  world.text = "one@5000";
  await world.current();
  world.fault = "throttled";
  await world.clock.advance(5000);
  await expect(world.secret.current()).rejects.toThrow("throttled");
});

test("instead of one that was refused there is another one, or none", async () => {
  const world = new World();
  const one = await world.secret.current();
  expect(await world.secret.insteadOf(one)).toBeUndefined();
  world.text = "two";
  expect(await world.secret.insteadOf(one)).toMatchObject({ name: "two" });
  world.fault = "throttled";
  expect(await world.secret.insteadOf(one)).toBeUndefined();
  expect(world.told).toEqual(["throttled"]);
});

test("one that was revoked is read again before it is used once more", async () => {
  const world = new World();
  const one = await world.secret.current();
  world.text = "two";
  world.secret.distrust(one);
  expect(await world.current()).toBe("two");
  // Word of the one before comes late.
  world.secret.distrust(one);
  expect(await world.current()).toBe("two");
  expect(world.fetches).toBe(2);
});

test("a run goes on until the secret has another one, for which it looks at 80 % of the life left", async () => {
  const world = new World();
  world.text = "one@101000";
  await world.current();
  const term = termOf(world.secret, world.clock, () => world.clock.now());
  await world.clock.advance(79_999);
  expect(world.fetches).toBe(1);
  await world.clock.advance(1);
  expect([world.fetches, term.signal.aborted]).toEqual([2, false]);
  world.text = "two@201000";
  await world.clock.advance(16_000);
  expect([world.fetches, term.signal.aborted]).toEqual([3, true]);
  expect(await term.end()).toBe(true);
  expect(world.clock.sleeping).toBe(0);
});

test("a run that ends otherwise leaves no timer behind, and has had its own to the end", async () => {
  const world = new World();
  world.text = "one@101000";
  await world.current();
  const term = termOf(world.secret, world.clock, () => world.clock.now());
  expect(await term.end()).toBe(false);
  await settled();
  expect(world.clock.sleeping).toBe(0);
  expect(world.fetches).toBe(1);
});

test("a run whose connection was revoked knows at its end whether there is another one", async () => {
  const world = new World();
  const one = await world.secret.current();
  const same = termOf(world.secret, world.clock, () => world.clock.now());
  world.secret.distrust(one);
  expect(await same.end()).toBe(false);
  const term = termOf(world.secret, world.clock, () => world.clock.now());
  world.secret.distrust(one);
  world.text = "two";
  expect(await term.end()).toBe(true);
  expect(await term.end()).toBe(true);
  expect(world.fetches).toBe(3);
});

test("a run that its credentials have not outlived knows the same", async () => {
  const world = new World();
  world.text = "one@2000";
  await world.current();
  const term = termOf(world.secret, world.clock, () => world.clock.now());
  await world.clock.advance(1000);
  world.text = "two";
  expect(await term.end()).toBe(true);
});

test("Secrets Manager away at the renewal ends no run", async () => {
  const world = new World();
  world.text = "one@101000";
  await world.current();
  const term = termOf(world.secret, world.clock, () => world.clock.now());
  world.fault = "throttled";
  await world.clock.advance(200_000);
  expect([term.signal.aborted, world.told]).toEqual([false, ["throttled"]]);
  expect(world.clock.sleeping).toBe(0);
});
