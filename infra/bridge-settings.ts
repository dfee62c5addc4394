// What is said of a bridge in bridges.ts, and whether it can be understood. Types are not checked when the app runs.

import { unknownProblems } from "./constructs/unknown-props.ts";

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

const SETTINGS: Readonly<Record<keyof BridgeSettings, true>> = {
  name: true,
  natsUrl: true,
  natsSecret: true,
  natsInboxPrefix: true,
  stream: true,
  consumer: true,
  filterSubjects: true,
  to: true,
};

const DESTINATIONS = ["queue", "eventBus", "functionArn", "handler"] as const;

/** What is wrong with the settings of one bridge, one line each; the bridge itself judges the rest. */
export function problemsOf(settings: BridgeSettings): readonly string[] {
  const { filterSubjects, name, natsUrl, stream, to } = settings;
  const where = typeof name === "string" ? name : "a bridge without a name";
  const found = [...unknownProblems(settings, SETTINGS)];
  if (typeof name !== "string" || !/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) {
    found.push(`name: given ${shown(name)}, expected letters, digits and hyphens, such as Orders`);
  }
  if (!isText(natsUrl)) found.push(`natsUrl: given ${shown(natsUrl)}, expected an address of NATS`);
  if (!isText(stream)) found.push(`stream: given ${shown(stream)}, expected the name of a stream`);
  if (filterSubjects !== undefined && !Array.isArray(filterSubjects)) {
    found.push(`filterSubjects: given ${shown(filterSubjects)}, expected a list of subjects`);
  }
  return [...found, ...destinationProblems(to)].map((problem) => `${where}: ${problem}`);
}

function destinationProblems(to: Destination | undefined): readonly string[] {
  if (to === undefined) return [];
  const kinds = DESTINATIONS.filter((kind) => kind in to);
  if (kinds.length !== 1) {
    return [`to: given ${shown(to)}, expected exactly one of ${DESTINATIONS.join(", ")}`];
  }
  if (!("handler" in to) || isText(to.schedule)) return [];
  return [`schedule: given ${shown(to.schedule)}, expected one such as rate(5 minutes)`];
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

/** As somebody has written it. */
export function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
