import type { Node } from "constructs";

type Settings = { readonly natsUrl: string; readonly stream: string; readonly consumer: string };

const EXPECTED: Readonly<Record<keyof Settings, string>> = {
  natsUrl: "the address of the NATS servers, such as nats://nats.example.com:4222",
  stream: "the name of the stream, such as ORDERS",
  consumer: "the name of its durable pull consumer, such as orders-to-sqs",
};

const EXAMPLE =
  "cdk deploy -c natsUrl=nats://nats.example.com:4222 -c stream=ORDERS -c consumer=orders-to-sqs";

/** Reads the context keys; names all that are missing at once. */
export function settingsFrom(node: Node): Settings {
  const problems: string[] = [];
  const read = (name: keyof Settings): string => {
    const given: unknown = node.tryGetContext(name);
    if (typeof given === "string" && given.trim()) return given.trim();
    const shown = given === undefined ? "nothing" : JSON.stringify(given);
    problems.push(`  ${name}: given ${shown}, expected ${EXPECTED[name]}`);
    return "";
  };
  const settings = { natsUrl: read("natsUrl"), stream: read("stream"), consumer: read("consumer") };
  if (problems.length === 0) return settings;
  throw new Error(`These settings are missing:\n${problems.join("\n")}\nFor example: ${EXAMPLE}`);
}
