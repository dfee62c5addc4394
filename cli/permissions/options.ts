/** What can be said after `permissions`. */
import { parseArgs } from "node:util";
import { consumerOf } from "../../functions/bridge/config/consumer.ts";
import { natsOf } from "../../functions/bridge/config/nats.ts";
import { Reader } from "../../functions/bridge/config/reader.ts";
import { nameOf, subjectsOf } from "../../functions/bridge/config/values.ts";
import type { PermissionsWanted } from "../../functions/bridge/source/permissions.ts";

export interface PermissionsOptions {
  readonly wanted: PermissionsWanted;
  readonly format: "server" | "nsc";
  /** For nsc: the user's name, and whether it is made or is there. */
  readonly user: string;
  readonly verb: "add" | "edit";
  readonly json: boolean;
}

export type Parsed =
  | { readonly kind: "run"; readonly options: PermissionsOptions }
  | { readonly kind: "help" }
  /** `NAME: given …, expected …` */
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const FLAG = { type: "boolean", default: false } as const;
const TEXT = { type: "string" } as const;
const TEXTS = { type: "string", multiple: true, default: [] as string[] } as const;

const OPTIONS = {
  stream: TEXT,
  consumer: TEXT,
  filter: TEXTS,
  domain: TEXT,
  "inbox-prefix": TEXT,
  create: FLAG,
  replay: FLAG,
  publish: TEXTS,
  "publish-stream": TEXTS,
  format: { type: "string", default: "server" },
  user: { type: "string", default: "bridge" },
  edit: FLAG,
  json: FLAG,
  help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** Each stands for a setting of the environment, and wins over it. */
const SETTINGS = {
  stream: "JETSTREAM_STREAM",
  consumer: "JETSTREAM_CONSUMER",
  filter: "JETSTREAM_FILTER_SUBJECTS",
  domain: "NATS_JS_DOMAIN",
  "inbox-prefix": "NATS_INBOX_PREFIX",
} as const;

export function parse(args: readonly string[], environment: Environment): Parsed {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    return values.help ? { kind: "help" } : checked(values, environment);
  } catch (error) {
    return { kind: "wrong", problems: [(error as Error).message.replace(/\. To specify.*$/s, "")] };
  }
}

function checked(values: Values, environment: Environment): Parsed {
  const reader = new Reader(settingsOf(values, environment), () => "");
  const { apiPrefix, inboxPrefix } = natsOf(reader);
  const { consumer, filterSubjects, stream } = consumerOf(reader, NO_WINDOW);
  const format = (["server", "nsc"] as const).find((one) => one === values.format) ?? "server";
  const problems = [...reader.faults.map((fault) => asSaid(fault, values)), ...problemsOf(values)];
  if (problems.length > 0) return { kind: "wrong", problems };
  const wanted = {
    stream,
    consumer,
    apiPrefix,
    inboxPrefix,
    filterSubjects,
    create: values.create || environment["CONSUMER_MANAGEMENT"]?.trim() === "create",
    replay: values.replay,
    publishes: values.publish,
    publishStreams: values["publish-stream"],
  };
  const { edit, json, user } = values;
  return {
    kind: "run",
    options: { wanted, format, user, verb: edit ? "edit" : "add", json },
  };
}

/** Of no importance for permissions. */
const NO_WINDOW = {
  ackWaitMs: 0,
  isFifo: false,
  isOrdered: false,
  isHandler: false,
  window: 1,
} as const;

/** Only what subjects are made of. Nothing connects, so that it does not matter to which server. */
function settingsOf(values: Values, environment: Environment): Environment {
  const { NATS_JS_API_PREFIX } = environment;
  const given = Object.entries(SETTINGS).map(([flag, name]) => {
    const value = values[flag as keyof typeof SETTINGS];
    const said = Array.isArray(value) ? value.join(",") || undefined : value;
    return [name, said ?? environment[name]];
  });
  return { ...Object.fromEntries(given), NATS_JS_API_PREFIX, NATS_URL: "nats://anywhere" };
}

/** By the name under which it was given; where it was not, by both. */
function asSaid(fault: string, values: Values): string {
  const [flag, name] =
    Object.entries(SETTINGS).find(([, one]) => fault.startsWith(`${one}: `)) ?? [];
  if (flag === undefined || name === undefined) return fault;
  const value = values[flag as keyof typeof SETTINGS];
  const isSaid = value !== undefined && value.length > 0;
  if (isSaid) return fault.replace(name, `--${flag}`);
  return fault.includes("given nothing") ? fault.replace(name, `${name} or --${flag}`) : fault;
}

function problemsOf(values: Values): readonly string[] {
  const { edit, format, json, publish, user } = values;
  const streams = values["publish-stream"];
  const quoted = (text: string): string => JSON.stringify(text);
  return [
    ...publish
      .filter((subject) => subject.includes(",") || !subjectsOf(subject))
      .map((subject) => `--publish: given ${quoted(subject)}, expected a subject, like orders.>`),
    ...streams
      .filter((name) => !nameOf(name))
      .map((name) => `--publish-stream: given ${quoted(name)}, expected the name of a stream`),
    ...(streams.length > 0 && publish.length === 0
      ? ["--publish-stream: given it alone, expected --publish SUBJECT with it"]
      : []),
    ...(["server", "nsc"].includes(format)
      ? []
      : [`--format: given ${quoted(format)}, expected server or nsc`]),
    ...(json && format !== "server"
      ? [`--format: given ${quoted(format)} beside --json, expected only one of them`]
      : []),
    ...(edit && format !== "nsc" ? ["--edit: given it, expected it only with --format nsc"] : []),
    ...(user.trim() === "" ? [`--user: given "", expected the name of a user`] : []),
  ];
}
