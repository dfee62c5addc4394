// Temporary folders and child processes that do not outlive us, however we end: normally, by Ctrl-C, or killed.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// One shell for each process of ours, in a session of its own (out of reach of the terminal's Ctrl-C), waits on a pipe
// that only we hold open. When the pipe breaks, it kills what is still watched and removes our folder.
const SCRIPT = `
pids=" "
while read -r word pid; do
  case $word in
    watch) pids="$pids$pid " ;;
    forget) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done
sleep 0.1
rm -rf "$1"`;

let janitor: { readonly folder: string; tell(line: string): void } | undefined;
const watched = new Set<number>();

function ourJanitor(): NonNullable<typeof janitor> {
  if (janitor) return janitor;
  const folder = mkdtempSync(join(tmpdir(), "jetstream-aws-bridge-"));
  process.on("exit", () => {
    watched.forEach(kill); // on Windows, where there is no such shell, this is all there is
    removeFolder(folder);
  });
  janitor = { folder, tell: process.platform === "win32" ? (): void => {} : startShell(folder) };
  return janitor;
}

function startShell(folder: string): (line: string) => void {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "sh", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.on("error", () => {}); // without a shell the exit handler remains
  shell.stdin.on("error", () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref(); // a socket in truth; it must not keep us running
  return (line) => shell.stdin.write(`${line}\n`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended already
  }
}

/** A new empty folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(ourJanitor().folder, "t-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** The process with this id is killed when we end; the answer calls that off, for one that has ended itself. */
export function endsWithUs(pid: number): () => void {
  watched.add(pid);
  ourJanitor().tell(`watch ${pid}`);
  return () => {
    watched.delete(pid);
    ourJanitor().tell(`forget ${pid}`);
  };
}
