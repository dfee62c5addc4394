// Starts real NATS servers on loopback for demo, tests and bench: own ports, own store, gone when we are.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findNatsServer } from "./find-nats-server.ts";
import { freePort } from "./free-port.ts";
import { endsWithUs, removeFolder, temporaryFolder } from "./leave-nothing.ts";

export { findNatsServer, findOldNatsServer, isAtLeast } from "./find-nats-server.ts";

export type StartOptions = {
  /** Path of the executable; found or fetched when not given. */
  readonly binary?: string;
  /** Where JetStream keeps its files; kept after `stop()` when given. */
  readonly storeDir?: string;
  readonly port?: number;
  /** More configuration, as the server reads it: `authorization { … }`, `tls { … }`, `max_payload: 8MB`. */
  readonly config?: string;
  readonly name?: string;
};

export type RunningServer = {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  readonly pid: number;
  readonly version: string;
  /** Ends the process and removes its folder. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the process and keeps the store, for `restart()`. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Goes on with this configuration in place of the one it was started with. */
  reload(config: string): Promise<void>;
  /** On the same port and store; with another executable if one is given. */
  restart(binary?: string): Promise<void>;
};

export async function startNatsServer(options: StartOptions = {}): Promise<RunningServer> {
  const binary = options.binary ?? (await findNatsServer()).path;
  const folder = temporaryFolder();
  const storeDir = options.storeDir ?? join(folder, "store");
  const port = options.port ?? (await freePort());
  const logFile = join(folder, "server.log");
  const args = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", storeDir];
  if (options.name) args.push("-n", options.name);
  if (options.config) {
    writeFileSync(join(folder, "server.conf"), options.config);
    args.push("-c", join(folder, "server.conf"));
  }
  mkdirSync(storeDir, { recursive: true });

  let running = await launch(binary, args, port, logFile);
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    get pid(): number {
      return running.pid;
    },
    get version(): string {
      return running.version;
    },
    async stop(signal = "SIGTERM") {
      await running.end(signal);
      removeFolder(folder);
    },
    async kill(signal = "SIGKILL") {
      await running.end(signal);
    },
    async reload(config) {
      const reloads = (): number =>
        readFileSync(logFile, "utf8").split("Reloaded server conf").length;
      const before = reloads();
      writeFileSync(join(folder, "server.conf"), config);
      process.kill(running.pid, "SIGHUP");
      for (const deadline = Date.now() + 10_000; reloads() === before; await sleep(10)) {
        if (Date.now() > deadline)
          throw new Error(`not reloaded: ${readFileSync(logFile, "utf8")}`);
      }
    },
    async restart(other = binary) {
      await running.end("SIGTERM");
      running = await launch(other, args, port, logFile);
    },
  };
}

type Launched = {
  readonly pid: number;
  readonly version: string;
  end(signal: NodeJS.Signals): Promise<void>;
};

async function launch(
  binary: string,
  args: readonly string[],
  port: number,
  logFile: string,
): Promise<Launched> {
  const log = openSync(logFile, "a");
  // Detached: Ctrl-C in the terminal reaches us alone, and we end the server in the right order.
  const child = spawn(binary, args, { stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  const exited = once(child, "exit").catch(() => {});
  await once(child, "spawn");
  const pid = child.pid!;
  child.unref();
  const callOff = endsWithUs(pid);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!hasEnded(child)) {
      child.ref();
      child.kill(signal);
      const patience = AbortSignal.timeout(10_000);
      patience.addEventListener("abort", () => child.kill("SIGKILL"));
      await exited;
    }
    callOff();
  };
  try {
    const info = await untilReady(port, child, 10_000);
    if (!info.jetstream) throw new Error("it runs without JetStream");
    return { pid, version: info.version, end };
  } catch (error) {
    await end("SIGKILL");
    const tail = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-8).join("\n  ");
    const command = [binary, ...args].join(" ");
    throw new Error(
      `nats-server did not start: ${(error as Error).message}\n  ${command}\n  ${tail}`,
      {
        cause: error,
      },
    );
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

type Info = { readonly jetstream?: boolean; readonly version: string };

async function untilReady(port: number, child: ChildProcess, timeoutMs: number): Promise<Info> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (hasEnded(child)) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
    const info = await readInfo(port).catch(() => undefined);
    if (info) return info;
    await sleep(10);
  }
  throw new Error(`no answer on port ${port} within ${timeoutMs} ms`);
}

/** The first line a server sends: `INFO {…}`. A server with TLS sends it in the clear as well. */
function readInfo(port: number): Promise<Info> {
  const { promise, resolve, reject } = Promise.withResolvers<Info>();
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").setTimeout(1000, () => socket.destroy(new Error("silent")));
  socket.on("data", (chunk) => {
    text += String(chunk);
    const line = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1];
    if (!line) return;
    socket.destroy();
    resolve(JSON.parse(line) as Info);
  });
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("closed")));
  return promise;
}
