import type { Node } from "constructs";

/** One bridge, in a stack of its own. */
export interface BridgeSettings {
  /** Name of the stack: letters, digits and hyphens. */
  readonly name: string;
  /** Servers, comma separated: `nats://host:4222` or `tls://host:4222`. */
  readonly natsUrl: string;
  /** Name or ARN of the secret with the credentials. Default: the server asks for none. */
  readonly natsSecret?: string;
  /** Prefix of the subjects on which answers arrive, for tight permissions. Default: `_INBOX`. */
  readonly natsInboxPrefix?: string;
  /** Name of the stream. */
  readonly stream: string;
  /** Name of the durable consumer. Default: from the stack, the account and the region. */
  readonly consumer?: string;
  /** Subjects to deliver. Default: all of the stream. */
  readonly filterSubjects?: readonly string[];
  /** Where the messages go. Default: a new standard queue. */
  readonly to?: Destination;
}

export type Destination =
  /** A new queue; with `groupBy`, a template like `{subject}`, a FIFO queue whose groups keep their order. */
  | { readonly queue: { readonly groupBy?: string } }
  /** The bus of this name; `default` is the account's own. */
  | { readonly eventBus: string }
  /** The function with this ARN, which was written for SQS. */
  | { readonly functionArn: string }
  /** The handler in this file; woken at a rate or by cron, and by a doorbell. */
  | { readonly handler: string; readonly schedule: string };

const KEYS = [
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

/** Of the one bridge that the command line describes; undefined when it says nothing of any. */
export function settingsFrom(node: Node): BridgeSettings | undefined {
  const read = Object.fromEntries(KEYS.map((key) => [key, node.tryGetContext(key) as unknown]));
  if (Object.values(read).every((value) => value === undefined)) return undefined;
  const problems = KEYS.filter((key) => isWrong(key, read[key])).map(
    (key) => `  ${key}: given ${shown(read[key])}, expected ${EXPECTED[key]}`,
  );
  if (problems.length > 0) throw refused(problems);
  const text = (key: Key): string | undefined => (read[key] as string | undefined)?.trim();
  const [natsSecret, natsInboxPrefix] = [text("natsSecret"), text("natsInboxPrefix")];
  const [consumer, groupBy] = [text("consumer"), text("groupBy")];
  const filterSubjects = text("filterSubjects")?.split(",");
  return {
    name: "JetStreamBridge",
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

/** Nobody has said what to deploy. */
export function nothingToDeploy(): SettingsError {
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

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
