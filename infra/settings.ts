import type { Node } from "constructs";
import { type BridgeSettings, problemsOf, shown } from "./bridge-settings.ts";
import { unknownProblems } from "./constructs/unknown-props.ts";

const KEYS = [
  "name",
  "natsUrl",
  "natsSecret",
  "natsInboxPrefix",
  "stream",
  "consumer",
  "filterSubjects",
  "groupBy",
] as const;

type Key = (typeof KEYS)[number];

const EXPECTED: Readonly<Record<Key, string>> = {
  name: "the name of the stack, such as Orders",
  natsUrl: "the address of the NATS servers, such as tls://nats.example.com:4222",
  natsSecret: "the name or the ARN of a secret, such as nats/bridge",
  natsInboxPrefix: "a subject without wildcards, such as _INBOX_bridge",
  stream: "the name of the stream, such as ORDERS",
  consumer: "a name without blanks, dots and wildcards, such as orders-to-sqs",
  filterSubjects: "subjects with commas, such as orders.eu.>,orders.us.>",
  groupBy: "a template, such as {subject} or {subject.2}",
};

const REQUIRED: readonly Key[] = ["natsUrl", "stream"];

const EXAMPLE =
  "npx cdk deploy -c natsUrl=tls://nats.example.com:4222 -c natsSecret=nats/bridge -c stream=ORDERS";

/** Of the stack of the one bridge that the command line describes. */
const NAME = "JetStreamBridge";

/** What is to be deployed: what the command line says, or else all of `described`. Throws a `SettingsError`. */
export function wantedBridges(
  node: Node,
  described: readonly BridgeSettings[],
): readonly BridgeSettings[] {
  const one = settingsFrom(node);
  if (one && described.length > 0) {
    throw refused([
      `  natsUrl, stream: given on the command line, expected none, since infra/bridges.ts describes ${described.length} bridges`,
    ]);
  }
  const all = one ? [one] : described;
  if (all.length === 0) throw nothingToDeploy();
  const problems = all.flatMap(problemsOf);
  if (problems.length > 0) throw refused(problems.map(indented));
  return all;
}

/** The stack that the command line means, also when it says nothing else. */
export function stackName(node: Node): string {
  const given: unknown = node.tryGetContext("name");
  return typeof given === "string" && given.trim() !== "" ? given.trim() : NAME;
}

/** Undefined when the command line describes no bridge. */
function settingsFrom(node: Node): BridgeSettings | undefined {
  const read = Object.fromEntries(KEYS.map((key) => [key, node.tryGetContext(key) as unknown]));
  const unknown = unknownKeys(node);
  const isAbout = KEYS.some((key) => key !== "name" && read[key] !== undefined);
  if (!isAbout && unknown.length === 0) return undefined;
  const problems = KEYS.filter((key) => isWrong(key, read[key])).map(
    (key) => `  ${key}: given ${shown(read[key])}, expected ${EXPECTED[key]}`,
  );
  if (problems.length + unknown.length > 0) throw refused([...unknown, ...problems]);
  const text = (key: Key): string | undefined => (read[key] as string | undefined)?.trim();
  const [natsSecret, natsInboxPrefix] = [text("natsSecret"), text("natsInboxPrefix")];
  const [consumer, groupBy] = [text("consumer"), text("groupBy")];
  const filterSubjects = text("filterSubjects")?.split(",");
  return {
    name: stackName(node),
    natsUrl: text("natsUrl") ?? "",
    stream: text("stream") ?? "",
    ...(natsSecret !== undefined && { natsSecret }),
    ...(natsInboxPrefix !== undefined && { natsInboxPrefix }),
    ...(consumer !== undefined && { consumer }),
    ...(filterSubjects && { filterSubjects }),
    ...(groupBy !== undefined && { to: { queue: { groupBy } } }),
  };
}

/** What is missing or wrong on the command line. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Those of the CDK itself are written with signs between their words. */
const PLAIN = /^[a-z][A-Za-z0-9]*$/;

function unknownKeys(node: Node): readonly string[] {
  const all = Object.entries(node.getAllContext() as Readonly<Record<string, unknown>>);
  const plain = Object.fromEntries(all.filter(([key]) => PLAIN.test(key)));
  return unknownProblems(plain, EXPECTED).map(indented);
}

const indented = (line: string): string => `  ${line}`;

/** Nobody has said what to deploy. */
function nothingToDeploy(): SettingsError {
  return refused(REQUIRED.map((key) => `  ${key}: given nothing, expected ${EXPECTED[key]}`));
}

function refused(problems: readonly string[]): SettingsError {
  return new SettingsError(
    `These settings are missing or wrong:\n${problems.join("\n")}\nFor example: ${EXAMPLE}\nSeveral bridges, and other targets than a queue, are described in infra/bridges.ts.`,
  );
}

/** The rest is judged by what the bridge itself reads its settings with. */
function isWrong(key: Key, value: unknown): boolean {
  if (value === undefined) return REQUIRED.includes(key);
  return typeof value !== "string" || value.trim() === "" || /\s/.test(value.trim());
}
