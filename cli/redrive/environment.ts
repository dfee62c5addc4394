/** The bridge's own environment, as far as a redrive needs it. */
import { type Config, type ConfigHelpers, readConfig } from "../../functions/bridge/config.ts";
import { checkNames } from "../../functions/bridge/config/names.ts";
import { natsOf } from "../../functions/bridge/config/nats.ts";
import { Reader } from "../../functions/bridge/config/reader.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export type Destination =
  | { readonly kind: "stream"; readonly nats: Config["nats"] }
  | { readonly kind: "target"; readonly config: Config };

export interface ReadDestination {
  /** Undefined when there are faults. */
  readonly destination: Destination | undefined;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  readonly secrets: readonly string[];
}

export function readDestination(
  environment: Environment,
  toTarget: boolean,
  helpers: ConfigHelpers,
): ReadDestination {
  if (toTarget) {
    const { config, ...rest } = readConfig(environment, "service", helpers);
    return { destination: config && { kind: "target", config }, ...rest };
  }
  const reader = new Reader(environment, helpers.readFile);
  const nats = natsOf(reader);
  const fault = helpers.credentialsFault(nats.credentials);
  if (fault !== undefined) reader.faults.push(fault);
  checkNames(reader, environment);
  const { faults, secrets, warnings } = reader;
  const destination = faults.length > 0 ? undefined : ({ kind: "stream", nats } as const);
  return { destination, faults, warnings, secrets };
}

/** An endpoint of one's own, from `AWS_ENDPOINT_URL` or that of the service. */
export function hasOwnEndpoint(environment: Environment, service: "SQS" | "S3"): boolean {
  const names = ["AWS_ENDPOINT_URL", `AWS_ENDPOINT_URL_${service}`];
  return names.some((name) => (environment[name] ?? "").trim() !== "");
}
