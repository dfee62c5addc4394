/**
 * Acks cross leaf nodes without regard to domains: one that is meant for a consumer in another domain also settles what a
 * consumer of the same names has out in the domain of the server that we are connected to, unprocessed.
 */
import { apiSubjects, type ConsumerAnswer, LOCAL_API } from "../source/api.ts";
import { SourceError } from "../source/source-error.ts";
import { ask, isDenied, type Nats } from "./ask.ts";
import type { Check, Passed } from "./checklist.ts";

/** Throws when there is a namesake. The other direction, a client of a hub and a consumer in a leaf, cannot be seen. */
export async function checkDomain(
  nats: Nats,
  consumer: ConsumerAnswer | undefined,
  check: Check,
): Promise<Passed<undefined>> {
  const { config } = nats;
  const { consumer: name, stream } = config.consumer;
  const { apiPrefix } = config.nats;
  if (apiPrefix === LOCAL_API) return { value: undefined, text: "no domain is set" };
  const { consumerInfo } = apiSubjects(LOCAL_API, stream, name);
  try {
    const local = await ask<ConsumerAnswer>(nats, consumerInfo, "the consumer in this domain");
    if (local.created === consumer?.created)
      return { value: undefined, text: "this is the domain" };
  } catch (error) {
    if (isDenied(error)) {
      check.warn(
        `whether the server's own domain has a consumer of the same name is not known, and acks would settle its messages too: allow publishing to "${consumerInfo}" to have that checked`,
      );
    }
    if (error instanceof SourceError) return { value: undefined, text: "no namesake was found" };
    throw error;
  }
  throw new Error(
    `the server that this bridge connects to has a stream ${stream} with a consumer ${name} of its own, besides the one behind ${apiPrefix}: ` +
      "acks cross domains, and each would settle a message there that nobody has seen. Give the bridge a consumer of another name (JETSTREAM_CONSUMER)",
  );
}
