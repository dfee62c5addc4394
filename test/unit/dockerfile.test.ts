// No container engine is needed to see the mistakes that matter.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

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

interface Dockerfile {
  readonly text: string;
  /** The rest of each instruction of this name. */
  readonly of: (name: string) => readonly string[];
  readonly ofLastStage: (name: string) => readonly string[];
  readonly lastStage: readonly (readonly [string, string])[];
}

function dockerfile(path: string): Dockerfile {
  const text = read(path);
  const all = instructions(text);
  const lastStage = all.slice(all.findLastIndex(([name]) => name === "FROM"));
  const restOf = (some: typeof all, name: string): readonly string[] =>
    some.filter(([n]) => n === name).map(([, rest]) => rest);
  return {
    text,
    lastStage,
    of: (name) => restOf(all, name),
    ofLastStage: (name) => restOf(lastStage, name),
  };
}

const repository = dockerfile("Dockerfile");
const packaged = dockerfile("infra/package/Dockerfile");

describe.each([
  ["of the repository", repository],
  ["of the package", packaged],
])("the image %s", (_, { lastStage, of, ofLastStage, text }) => {
  test("every image is pinned to the Node that the project runs on", () => {
    const wanted = read(".node-version").trim();
    expect(of("FROM").length).toBeGreaterThan(0);
    for (const image of of("FROM")) expect(image).toMatch(new RegExp(`^node:${wanted}[-.]`));
  });

  test("nothing in it is for one processor only", () => {
    expect(text).not.toMatch(/--platform|amd64|arm64|x86_64|aarch64|linux-x64/i);
  });

  test("runs as an ordinary user, and nothing is changed after that", () => {
    expect(ofLastStage("USER")).toEqual(["node"]);
    const afterUser = lastStage.slice(lastStage.findIndex(([name]) => name === "USER"));
    expect(afterUser.map(([name]) => name)).not.toContain("RUN");
  });

  test("starts in exec form, so that signals reach the service", () => {
    expect(of("ENTRYPOINT")).toEqual([]);
    const [program] = JSON.parse(ofLastStage("CMD")[0]!) as string[];
    expect(program).toBe("node");
    expect(ofLastStage("STOPSIGNAL")).toEqual(["SIGTERM"]);
  });

  test("asks the health endpoint with the Node that is there", () => {
    const [health = ""] = ofLastStage("HEALTHCHECK");
    const command = JSON.parse(health.slice(health.indexOf("["))) as string[];
    expect(command.slice(0, 2)).toEqual(["node", "-e"]);
    expect(command[2]).toContain("/healthz");
    const answer = (port: string): number | null =>
      spawnSync(process.execPath, command.slice(1), { env: { HEALTH_PORT: port } }).status;
    expect(answer("off")).toBe(0);
    expect(answer("1")).toBe(1); // nobody listens there
  });

  test("holds no secrets", () => {
    expect(of("ARG")).toEqual([]);
    expect(of("ADD")).toEqual([]);
    expect(of("ENV")).toEqual(["NODE_ENV=production"]);
  });
});

test("the repository's image starts the service from its source", () => {
  const [, file = ""] = JSON.parse(repository.ofLastStage("CMD")[0]!) as string[];
  expect(file).toBe("functions/forward.service.ts");
  expect(existsSync(join(root, file))).toBe(true);
});

test("copies only what exists and what .dockerignore lets through", () => {
  const sources = repository
    .of("COPY")
    .filter((copy) => !copy.startsWith("--from="))
    .flatMap((copy) => copy.split(/\s+/).slice(0, -1));
  expect(sources).toEqual(
    expect.arrayContaining(["package.json", "package-lock.json", "functions"]),
  );
  const ignored = read(".dockerignore").split("\n");
  expect(ignored).toContain("*");
  expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  expect(sources.filter((source) => !ignored.includes(`!${source}`))).toEqual([]);
});

test("installs what the lock file says, without development tools", () => {
  const [install] = repository.of("RUN");
  expect(repository.of("RUN")).toHaveLength(1);
  expect(install).toMatch(/^npm ci --omit=dev --omit=optional --ignore-scripts/);
});

test("the package's image fetches nothing, and is asked and ended like that of the repository", () => {
  expect(packaged.of("RUN")).toEqual([]);
  for (const name of ["EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "USER"]) {
    expect(packaged.ofLastStage(name)).toEqual(repository.ofLastStage(name));
  }
});
