// The harness itself, under AWS's runtime client and under the one that stands in for it: whatever the tests of our
// functions conclude rests on this.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { findRuntimeClient, type RuntimeClient } from "../support/fetch-runtime-client.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import {
  type FunctionOptions,
  type RunningFunction,
  startFunction,
  valueOf,
} from "../support/runtime-api.ts";

const found = await findRuntimeClient();
const plain: RuntimeClient = { engine: "plain", reason: "this test wants both" };

const engines = [
  { engine: "aws-lambda-ric", client: found },
  { engine: "plain", client: plain },
] as const;

type Notes = readonly [version: number, notes: string, folder: string];

function codeOf(module: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "index.mjs"), module);
  return folder;
}

for (const { engine, client } of engines) {
  // AWS's client may be missing; then it is the stand-in that was found.
  const isThere = client.engine === engine;

  const given = (module: string, more: Partial<FunctionOptions> = {}): RunningFunction =>
    startFunction({ client, code: codeOf(module), timeoutMs: 10_000, ...more });

  describe.skipIf(!isThere)(`under ${engine}`, () => {
    test.concurrent("a value is returned; the second invocation finds the same process", async () => {
      await using fn = given(`
        let count = 0;
        export const handler = async (event) => ({ event, count: ++count, pid: process.pid });`);
      const first = await fn.invoke({ order: "ä\u0000" });
      expect(first).toMatchObject({
        kind: "returned",
        init: true,
        value: { event: { order: "ä\u0000" }, count: 1, pid: fn.pid },
      });
      expect(await fn.invoke()).toMatchObject({ init: false, value: { event: null, count: 2 } });
      expect(fn.coldStarts).toBe(1);
    });

    test.concurrent("what is thrown is told by type and message, and the process goes on", async () => {
      await using fn = given(`export const handler = async () => { throw new RangeError("no"); };`);
      const thrown = { kind: "threw", errorType: "RangeError", errorMessage: "no" };
      expect(await fn.invoke()).toMatchObject({ ...thrown, init: true });
      expect(await fn.invoke()).toMatchObject({ ...thrown, init: false });
      expect(fn.output()).toMatch(/Invoke Error/);
    });

    test.concurrent("what is thrown while the module is loaded is told, at each cold start", async () => {
      await using fn = given(`throw new TypeError("one\\ntwo"); export const handler = null;`);
      const thrown = { kind: "threw", errorType: "TypeError", errorMessage: "one\ntwo" };
      expect(await fn.invoke()).toMatchObject({ ...thrown, init: true });
      expect(await fn.invoke()).toMatchObject({ ...thrown, init: true });
      expect(fn.coldStarts).toBe(2);
    });

    test.concurrent("a process that ends takes its invocation with it, and the next is a cold start", async () => {
      await using fn = given(`
        export const handler = async (event) => event.code ? process.exit(event.code) : "well";`);
      expect(await fn.invoke({ code: 3 })).toMatchObject({ kind: "exited", code: 3, signal: null });
      expect(await fn.invoke({})).toMatchObject({ kind: "returned", value: "well", init: true });
    });

    test.concurrent("an error that nobody catches ends the process", async () => {
      await using fn = given(`
        export const handler = () => new Promise(() => setTimeout(() => { throw new Error("x"); }));`);
      expect(await fn.invoke()).toMatchObject({ kind: "exited", code: 1 });
    });

    test.concurrent("the remaining time is true, and whoever is late is killed", async () => {
      await using fn = given(
        `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
         export const handler = async (event, context) => {
           const before = context.getRemainingTimeInMillis();
           await sleep(event.ms);
           return [before, context.getRemainingTimeInMillis()];
         };`,
        { timeoutMs: 1500 },
      );
      const [before, after] = valueOf<[number, number]>(await fn.invoke({ ms: 300 }));
      expect(before).toBeGreaterThan(1000);
      expect(before).toBeLessThanOrEqual(1500);
      expect(before - after).toBeGreaterThanOrEqual(295);
      const late = await fn.invoke({ ms: 5000 });
      expect(late).toMatchObject({ kind: "timed out", init: false });
      expect(late.ms).toBeGreaterThanOrEqual(1495);
      expect(late.ms).toBeLessThan(4000);
      expect(await fn.invoke({ ms: 0 })).toMatchObject({ kind: "returned", init: true });
    });

    test.concurrent("nothing ticks between invocations, unless it is not to be frozen", async () => {
      const module = `
        let ticks = 0;
        setInterval(() => { ticks += 1; }, 10);
        export const handler = async () => ticks;`;
      const ticksWithin = async (freeze: boolean): Promise<number> => {
        await using fn = given(module, { freeze });
        const before = valueOf<number>(await fn.invoke());
        await sleep(1000);
        return valueOf<number>(await fn.invoke()) - before;
      };
      expect(await ticksWithin(true)).toBeLessThan(10);
      expect(await ticksWithin(false)).toBeGreaterThan(30);
    });

    test.concurrent("what a handler leaves running is frozen with the rest, and goes on with the next", async () => {
      await using fn = given(`
        export const handler = () => void setTimeout(() => console.log("left behind"), 300);`);
      await fn.invoke();
      fn.resume(); // too late: only an invocation can be resumed
      await sleep(800);
      expect(fn.output()).toBe("");
      expect(await fn.invoke()).toMatchObject({ kind: "returned", init: false });
      await fn.invoke();
      await expect.poll(() => fn.output()).toMatch("left behind");
    });

    test.concurrent("its temporary folder outlives crashes, time-outs and new versions, and goes with it", async () => {
      const module = (version: number): string => `
        import { appendFileSync, readFileSync } from "node:fs";
        import { tmpdir } from "node:os";
        import { join } from "node:path";
        export const handler = async (event) => {
          const file = join(tmpdir(), "notes");
          appendFileSync(file, event.note);
          if (event.note === "c") process.exit(1);
          if (event.note === "t") await new Promise((done) => setTimeout(done, 5000));
          return [${version}, readFileSync(file, "utf8"), tmpdir()];
        };`;
      await using fn = given(module(1), { timeoutMs: 1500 });
      expect(await fn.invoke({ note: "c" })).toMatchObject({ kind: "exited" });
      expect(await fn.invoke({ note: "t" })).toMatchObject({ kind: "timed out" });
      const [version, notes, folder] = valueOf<Notes>(await fn.invoke({ note: "1" }));
      expect([version, notes, existsSync(folder)]).toEqual([1, "ct1", true]);
      await fn.restart(codeOf(module(2)));
      expect(valueOf<Notes>(await fn.invoke({ note: "2" }))).toEqual([2, "ct12", folder]);
      expect(fn.coldStarts).toBe(4);
      await fn.stop();
      expect(existsSync(folder)).toBe(false);
      await expect(fn.invoke()).rejects.toThrow("the function was stopped");
    });

    test.concurrent("one invocation at a time; a kill ends the one under way", async () => {
      await using fn = given(`
        let running = 0;
        export const handler = async (event) => {
          running += 1;
          console.log("begun");
          await new Promise((done) => setTimeout(done, event.ms));
          return running--;
        };`);
      const all = await Promise.all([50, 50, 50].map((ms) => fn.invoke({ ms })));
      expect(all.map(valueOf)).toEqual([1, 1, 1]);
      const killed = fn.invoke({ ms: 60_000 });
      const next = fn.invoke({ ms: 0 });
      while ((fn.output().match(/begun/g)?.length ?? 0) < 4) await sleep(5);
      await fn.kill();
      expect(await killed).toMatchObject({ kind: "exited", code: null, signal: "SIGKILL" });
      expect(await next).toMatchObject({ kind: "returned", init: true });
    });

    test.concurrent("a pause in mid-invocation does not stop its time", async () => {
      await using fn = given(
        `export const handler = async (event, context) => {
           process.stdout.write(JSON.stringify({ begun: event }) + "\\n");
           await new Promise((done) => setTimeout(done, 100));
           return context.getRemainingTimeInMillis();
         };`,
        { timeoutMs: 2000 },
      );
      const pauseIn = async (event: number, ms: number): Promise<void> => {
        while (!fn.lines().some(({ begun }) => begun === event)) await sleep(5);
        fn.pause();
        await sleep(ms);
        fn.resume();
      };
      const [short] = await Promise.all([fn.invoke(1), pauseIn(1, 700)]);
      expect(valueOf(short)).toBeLessThan(1350);
      const [long] = await Promise.all([fn.invoke(2), pauseIn(2, 2500)]);
      expect(long.kind).toBe("timed out");
    });

    test.concurrent("its environment is that of a function, and not ours", async () => {
      await using fn = given(
        `export const handler = async (event, context) => ({
           env: process.env, cwd: process.cwd(), arn: context.invokedFunctionArn, id: context.awsRequestId,
           name: context.functionName,
         });`,
        { environment: { GIVEN: "this", AWS_REGION: "eu-west-1" } },
      );
      const { env, ...context } = valueOf<{ env: Record<string, string> }>(await fn.invoke());
      expect(env).toMatchObject({ GIVEN: "this", AWS_REGION: "eu-west-1" });
      expect(Object.keys(env).filter((name) => /^(HOME|VITEST|npm_)/.test(name))).toEqual([]);
      expect(context).toMatchObject({
        cwd: env["LAMBDA_TASK_ROOT"],
        arn: "arn:aws:lambda:eu-west-1:123456789012:function:test",
        id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        name: env["AWS_LAMBDA_FUNCTION_NAME"],
      });
    });
  });
}
