/** A journal in a file. In Lambda its folder outlives a process that crashed or was ended, within its sandbox. */
import { hash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/ports.ts";
import type { Journal, Noted } from "../run/journal.ts";

export interface JournalFileOptions {
  readonly folder: string;
  /** Of whose messages: one file each. */
  readonly stream: string;
  readonly consumer: string;
  readonly clock: Clock;
  /** Wall clock, milliseconds since 1970: the other one starts anew with each process. */
  readonly now: () => number;
}

type Line = Omit<Noted, "timestampNanos"> & { readonly timestampNanos: string };

export function journalFile(options: JournalFileOptions): Journal {
  const { clock, consumer, folder, now, stream } = options;
  const name = hash("sha256", `${stream} ${consumer}`).slice(0, 16);
  const file = join(folder, `jetstream-aws-bridge-${name}.json`);
  let isEmpty = false;
  const moved = (noted: Noted, byMs: number): Noted => {
    if (noted.delayedUntil === undefined) return noted;
    return { ...noted, delayedUntil: noted.delayedUntil + byMs };
  };
  return {
    read() {
      try {
        const lines = JSON.parse(readFileSync(file, "utf8")) as readonly Line[];
        return lines.map((line) =>
          moved({ ...line, timestampNanos: BigInt(line.timestampNanos) }, clock.now() - now()),
        );
      } catch {
        return [];
      }
    },
    write(noted) {
      // Nothing there, and nothing to say: the usual case, and no reason to touch the disk.
      if (isEmpty && noted.length === 0) return;
      isEmpty = noted.length === 0;
      // A replay leaves no file behind.
      if (isEmpty) return remove(file);
      const lines = noted.map((one): Line => {
        const onWall = moved(one, now() - clock.now());
        return { ...onWall, timestampNanos: String(one.timestampNanos) };
      });
      try {
        writeFileSync(`${file}.new`, JSON.stringify(lines));
        renameSync(`${file}.new`, file);
      } catch {
        // A disk that is full or read-only: less is known after a crash.
      }
    },
  };
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // As with a disk that cannot be written.
  }
}
