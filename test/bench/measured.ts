// A child process under the meter, and what it does between two points in time.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endsWithUs } from "../support/leave-nothing.ts";
import type { Usage } from "./meter.ts";

export type Measurement = {
  readonly messages: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** User and system time of the process for 1,000 messages. */
  readonly cpuPerThousand: number;
  readonly peakRssMB: number;
  /** Resident memory now and then, oldest first. */
  readonly rssMB: readonly number[];
};

const METER = join(import.meta.dirname, "meter.ts");

export class Measured {
  readonly #child: ChildProcess;

  constructor(
    file: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    node: readonly string[] = [],
  ) {
    this.#child = fork(file, args, {
      execArgv: ["--import", METER, ...node],
      env: {
        ...(process.env["PATH"] !== undefined && { PATH: process.env["PATH"] }),
        ...environment,
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    endsWithUs(this.#child.pid ?? 0);
  }

  /** Answers what the process says next. */
  async ask<T>(question: string): Promise<T> {
    this.#child.send(question);
    const [answer] = (await once(this.#child, "message")) as [T];
    return answer;
  }

  async hears<T>(): Promise<T> {
    const [said] = (await once(this.#child, "message")) as [T];
    return said;
  }

  /** From when `count()` has passed `warmUp` until it has passed `until`, or for at most `seconds`. */
  async measure(plan: {
    readonly count: () => Promise<number>;
    readonly warmUp: number;
    readonly until: number;
    readonly seconds: number;
  }): Promise<Measurement> {
    const rssMB: number[] = [];
    let first: { at: number; count: number; usage: Usage } | undefined;
    for (;;) {
      const count = await plan.count();
      const at = performance.now();
      const usage = await this.ask<Usage>("usage");
      if (!first && count >= plan.warmUp) first = { at, count, usage };
      if (first) rssMB.push(Math.round(usage.rssMB));
      const seconds = first ? (at - first.at) / 1000 : 0;
      if (first && seconds > 0 && (count >= plan.until || seconds >= plan.seconds)) {
        const messages = count - first.count;
        return {
          messages,
          seconds,
          perSecond: messages / seconds,
          cpuPerThousand: ((usage.cpuMs - first.usage.cpuMs) / messages) * 1000,
          peakRssMB: usage.peakRssMB,
          rssMB,
        };
      }
      if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode}`);
      await sleep(50);
    }
  }

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, "exit");
  }
}
