// Fetches ministack, an emulator of AWS that delivers through rules and runs functions, into the project's cache. Nothing
// is installed; it needs CPython 3.11 to 3.14 with pip.
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { reason, run } from "./fetch-nats-server.ts";

export interface Ministack {
  /** Path of the interpreter. */
  readonly python: string;
  /** The packages: its PYTHONPATH. */
  readonly packages: string;
}

const CACHE = join(import.meta.dirname, "../../.cache/ministack");
const REQUIREMENTS = join(import.meta.dirname, "ministack-requirements.txt");

let found: Promise<Ministack> | undefined;

/** Once for each process; rejects with what is missing. */
export function findMinistack(): Promise<Ministack> {
  found ??= find().catch((error: unknown) => {
    throw new Error(
      `ministack needs CPython 3.11 to 3.14 with pip, as python3 on PATH, and cannot be had: ${reason(error)}`,
      { cause: error },
    );
  });
  return found;
}

async function find(): Promise<Ministack> {
  const { python, tag } = await interpreter();
  const wanted = hash("sha256", readFileSync(REQUIREMENTS, "utf8")).slice(0, 12);
  const packages = join(CACHE, `${wanted}-${tag}`);
  if (!existsSync(packages)) await fetchInto(packages, python);
  return { python, packages };
}

async function interpreter(): Promise<{ readonly python: string; readonly tag: string }> {
  const ask = "import sys; print(sys.executable, sys.implementation.cache_tag, sep='\\n')";
  const output = await run("python3", ["-c", ask], { timeout: 10_000 });
  const [python = "", tag = ""] = output.trim().split(/\r?\n/);
  if (!/^cpython-31[1-4]$/.test(tag)) throw new Error(`python3 is ${tag || "silent"}`);
  return { python, tag };
}

/** Fetches beside its place and moves it in: whoever looks finds all of it or nothing. */
async function fetchInto(packages: string, python: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "fetching-"));
  try {
    const ready = join(work, "ready");
    const options =
      "--no-deps --require-hashes --only-binary=:all: --no-input --quiet --retries 1".split(" ");
    await run(
      python,
      [..."-m pip install".split(" "), ...options, "--target", ready, "-r", REQUIREMENTS],
      { timeout: 300_000 },
    );
    await rename(ready, packages).catch((error: unknown) => {
      // Another process was faster; its copy is as good as ours.
      if (!existsSync(packages)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
