// No container engine is needed to see the mistakes that matter.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** `[instruction, the rest]` of each instruction, continued lines joined, comments left out. */
function instructions(text: string): readonly (readonly [string, string])[] {
  return text
    .replaceAll(/^\s*#.*$/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim())
    .map((line) => {
      const [, name = "", rest = ""] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? [];
      return [name.toUpperCase(), rest.trim()] as const;
    });
}

const all = instructions(read("Dockerfile"));
const of = (name: string): readonly string[] =>
  all.filter(([n]) => n === name).map(([, rest]) => rest);
const lastStage = all.slice(all.findLastIndex(([name]) => name === "FROM"));
const ofLast = (name: string): readonly string[] =>
  lastStage.filter(([n]) => n === name).map(([, rest]) => rest);

test("every image is pinned to the Node that the project runs on", () => {
  const wanted = read(".node-version").trim();
  expect(of("FROM").length).toBeGreaterThan(1);
  for (const image of of("FROM")) expect(image).toMatch(new RegExp(`^node:${wanted}[-.]`));
});

test("nothing in it is for one processor only", () => {
  expect(read("Dockerfile")).not.toMatch(/--platform|amd64|arm64|x86_64|aarch64|linux-x64/i);
});

test("runs as an ordinary user, and nothing is changed after that", () => {
  expect(ofLast("USER")).toEqual(["node"]);
  const afterUser = lastStage.slice(lastStage.findIndex(([name]) => name === "USER"));
  expect(afterUser.map(([name]) => name)).not.toContain("RUN");
});

test("starts the service in exec form, so that signals reach it", () => {
  expect(of("ENTRYPOINT")).toEqual([]);
  const command = JSON.parse(ofLast("CMD")[0]!) as string[];
  expect(command).toEqual(["node", "functions/forward.service.ts"]);
  expect(existsSync(join(root, command[1]!))).toBe(true);
  expect(ofLast("STOPSIGNAL")).toEqual(["SIGTERM"]);
});

test("asks the health endpoint with the Node that is there", () => {
  const [health = ""] = ofLast("HEALTHCHECK");
  const command = JSON.parse(health.slice(health.indexOf("["))) as string[];
  expect(command.slice(0, 2)).toEqual(["node", "-e"]);
  expect(command[2]).toContain("/healthz");
  const answer = (port: string): number | null =>
    spawnSync(process.execPath, command.slice(1), { env: { HEALTH_PORT: port } }).status;
  expect(answer("off")).toBe(0);
  expect(answer("1")).toBe(1); // nobody listens there
});

test("copies only what exists and what .dockerignore lets through", () => {
  const sources = of("COPY")
    .filter((copy) => !copy.startsWith("--from="))
    .flatMap((copy) => copy.split(/\s+/).slice(0, -1));
  expect(sources).toEqual(
    expect.arrayContaining(["package.json", "package-lock.json", "functions"]),
  );
  const ignored = read(".dockerignore").split("\n");
  expect(ignored).toContain("*");
  expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  expect(sources.filter((source) => !ignored.includes(`!${source}`))).toEqual([]);
  expect(of("ADD")).toEqual([]);
});

test("installs what the lock file says, without development tools", () => {
  const [install] = of("RUN");
  expect(of("RUN")).toHaveLength(1);
  expect(install).toMatch(/^npm ci --omit=dev --omit=optional --ignore-scripts/);
});

test("holds no secrets", () => {
  expect(of("ARG")).toEqual([]);
  expect(of("ENV")).toEqual(["NODE_ENV=production"]);
});
