/** A connection to NATS, from a function that may be seconds old. */
import { setTimeout as sleep } from "node:timers/promises";
import { dialerOf } from "../bridge.ts";
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Ms } from "../core/ports.ts";
import { loginOf, type LoginPorts } from "../login.ts";
import { Session } from "../source/session.ts";
import { SourceError } from "../source/source-error.ts";
import type { Check } from "./checklist.ts";

/** A network interface and the rules of a security group may need so long before they work. */
const PATIENCE_MS: Ms = 15_000;

const PAUSE_MS: Ms = 500;

/** Tries again while nothing answers; not when NATS answers no. Rejects with a `SourceError`. */
export async function connectPatiently(
  config: Config,
  login: LoginPorts,
  check: Pick<Check, "waitsFor">,
  patienceMs: Ms = PATIENCE_MS,
): Promise<Session> {
  const until = systemClock.now() + patienceMs;
  const dial = dialerOf(config, loginOf(config.nats, login).identities);
  for (;;) {
    try {
      return await Session.open(dial, systemClock, DEAF);
    } catch (error) {
      if (!isWorthAnotherTry(error) || systemClock.now() + PAUSE_MS > until) throw advised(error);
      check.waitsFor(error.message);
      await sleep(PAUSE_MS);
    }
  }
}

/** Nothing is pulled, and every trouble reaches the request that it is about. */
const DEAF = { delivery: ignore, status: ignore, ended: ignore };

function ignore(): void {}

function isWorthAnotherTry(error: unknown): error is SourceError {
  return error instanceof SourceError && error.end === "broken";
}

function advised(error: unknown): unknown {
  if (!isWorthAnotherTry(error)) return error;
  const advice =
    "look at NATS_URL, and whether the function's subnets and security groups reach that host and port";
  return new SourceError("broken", `${error.message}; ${advice}`, { cause: error });
}
