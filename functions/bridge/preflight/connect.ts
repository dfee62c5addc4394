/** A connection to NATS, from a function that may be seconds old. */
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Ms } from "../core/ports.ts";
import { IS_PACKAGED } from "../observe/operator-command.ts";
import type { Identities } from "../source/identity.ts";
import { ANSWERS_ONLY, Session } from "../source/session.ts";
import { isBroken, SourceError } from "../source/source-error.ts";
import type { Dial } from "../source/wire.ts";
import type { Check } from "./checklist.ts";

const PAUSE_MS: Ms = 500;

const OWN_APP = IS_PACKAGED ? "" : " (-c natsSecret with the app of this repository)";
const FROM_CDK = `none of them is set; in the CDK they come from \`secret\` of the NatsConnection${OWN_APP}`;

/** Whoever deploys without any credentials has no environment to look at, but a construct. */
export function toldToDeployers(
  identities: Identities,
  { credentials, secretArn }: Pick<Config["nats"], "credentials" | "secretArn">,
): Identities {
  if (secretArn !== undefined || Object.keys(credentials).length > 0) return identities;
  return { ...identities, whence: `${identities.whence}: ${FROM_CDK}` };
}

/**
 * Tries again while nothing answers, since a network interface and the rules of a security group may need a moment
 * before they work; not when NATS answers no. Rejects with a `SourceError`.
 */
export async function connectPatiently(
  dial: Dial,
  patienceMs: Ms,
  check: Pick<Check, "waitsFor">,
): Promise<Session> {
  const patientUntil = systemClock.now() + patienceMs;
  for (;;) {
    try {
      return await Session.open(dial, systemClock, ANSWERS_ONLY);
    } catch (error) {
      if (!isBroken(error) || systemClock.now() + PAUSE_MS > patientUntil) {
        throw advised(error);
      }
      check.waitsFor(error.message);
      await systemClock.sleep(PAUSE_MS);
    }
  }
}

function advised(error: unknown): unknown {
  if (!isBroken(error)) return error;
  const advice =
    "look at NATS_URL, and whether the function's subnets and security groups reach that host and port";
  return new SourceError("broken", `${error.message}; ${advice}`, { cause: error });
}
