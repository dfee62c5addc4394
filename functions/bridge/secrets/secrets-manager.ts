/** The one narrow seam to Secrets Manager: an ARN in, the text of the secret out, or a `SecretError`. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { clientSettings } from "../sinks/client-settings.ts";
import { codeOf, reasonOf } from "../sinks/failed-call.ts";
import { SecretError } from "./secret-error.ts";

/** One try; there are two, since nothing else comes between a call that got lost and a run that cannot begin. */
const TRY_MS = 2000;
const TRIES = 2;

/** In all, finding AWS's own credentials included, which no timeout of the client ends. */
const WHOLE_MS = 5000;

/** What somebody has to change; all other faults pass. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDeniedException:
    "the role needs secretsmanager:GetSecretValue on it, and kms:Decrypt where it has a key of its own",
  DecryptionFailure: "the role needs kms:Decrypt on its key, and the key has to be enabled",
  InvalidRequestException: "it may be about to be deleted",
  ResourceNotFoundException: "check NATS_SECRET_ARN, and that the secret has a value",
  UnrecognizedClientException: "check AWS's own credentials",
};

/** The secret may be named without the random suffix of its ARN. `GetSecretValue` is all that is ever called. */
export function secretReader(arn: string): () => Promise<string> {
  const client = new SecretsManagerClient({
    ...clientSettings(regionOf(arn), { timeoutMs: TRY_MS, concurrency: 1 }),
    maxAttempts: TRIES,
  });
  return async () => {
    try {
      const signal = AbortSignal.timeout(WHOLE_MS);
      const command = new GetSecretValueCommand({ SecretId: arn });
      return textOf(await inTime(client.send(command, { abortSignal: signal })));
    } catch (error) {
      if (error instanceof SecretError) throw error;
      const code = codeOf(error);
      const advice = ADVICE[code] ? `; ${ADVICE[code]}` : "";
      throw new SecretError(`cannot be read: ${reasonOf(error)}${advice}`, code);
    }
  };
}

function regionOf(arn: string): string | undefined {
  return arn.split(":")[3];
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const answered = new AbortController();
  const silence = sleep(WHOLE_MS, undefined, { signal: answered.signal }).then(() => {
    throw new SecretError(`cannot be read: no answer from Secrets Manager within ${WHOLE_MS} ms`);
  });
  return Promise.race([answer, silence]).finally(() => {
    answered.abort();
    silence.catch(() => undefined);
  });
}

function textOf({ SecretBinary, SecretString }: Partial<GetSecretValueCommandOutput>): string {
  if (SecretString !== undefined) return SecretString;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(SecretBinary);
  } catch {
    throw new SecretError("given bytes that are no UTF-8, expected text");
  }
}
