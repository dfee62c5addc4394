/** Commands to paste, and what to do where none helps. */
import type { ConsumerConfig } from "@nats-io/jetstream";
import type { Config } from "../config.ts";
import { DEFAULT_INBOX_PREFIX } from "../config/nats.ts";
import { formatDuration } from "../core/duration.ts";
import { OPERATOR_COMMAND } from "../observe/operator-command.ts";
import { apiSubjects, LOCAL_API } from "../source/api.ts";
import { differences } from "../source/consumer.ts";
import type { PermissionsWanted } from "../source/permissions.ts";

/** NATS makes a consumer with these, and never changes them. */
const FIXED = [
  "deliver_policy",
  "opt_start_seq",
  "opt_start_time",
  "ack_policy",
  "replay_policy",
  "deliver_subject",
];

/** For a consumer of our own making that differs. */
export function ownAdvice(config: Config, found: Partial<ConsumerConfig>): string {
  if (isFixed(config, found)) {
    return "NATS cannot change this in a consumer that exists: give the bridge a consumer of another name (JETSTREAM_CONSUMER), or set it as the consumer has it";
  }
  const { consumer, filterSubjects, stream } = config.consumer;
  const subjects = apiSubjects(config.nats.apiPrefix, stream, consumer);
  const command = `${environmentOf(config)} ${OPERATOR_COMMAND} consumer update`;
  return `A deployment never changes a consumer; to change it by hand: \`${command}\`. Its credentials need the right to make the consumer (${subjects.consumerCreate(filterSubjects)}), which those of the bridge may lack`;
}

/** For one that somebody else made. */
export function foreignAdvice(config: Config): string {
  const { consumer, stream } = config.consumer;
  return `Somebody else made it: change it with \`nats consumer edit ${stream} ${consumer}${apiFlag(config)}\` where that is possible, or give the bridge a consumer of its own (JETSTREAM_CONSUMER)`;
}

/** With the `nats` CLI; its filter may be given several times. */
export function howToCreate(config: Config): string {
  const { consumer: wanted } = config;
  // The CLI knows a time only by how long ago it was.
  const ago = wanted.startTime === undefined ? undefined : `<how long ago ${wanted.startTime} was>`;
  const start = wanted.startSequence ?? ago ?? wanted.deliverPolicy;
  const flags = [
    "--pull --ack=explicit --replay=instant --max-deliver=-1",
    `--deliver=${start}`,
    `--wait=${formatDuration(wanted.ackWaitMs)}`,
    `--max-pending=${wanted.maxAckPending}`,
    ...wanted.filterSubjects.map((filter) => `--filter=${quoted(filter)}`),
    "--defaults",
  ];
  return `To make it: nats consumer add ${wanted.stream} ${wanted.consumer} ${flags.join(" ")}${apiFlag(config)}`;
}

/** That prints what the NATS user needs, also where nothing of the bridge is in the environment. */
export function permissionsCommand(wanted: PermissionsWanted): string {
  const { consumer, create, filterSubjects, publishes = [], stream } = wanted;
  const [api, inbox] = [otherApi(wanted), ownInbox(wanted)];
  const flags: readonly (readonly [string, string])[] = [
    ["stream", stream],
    ["consumer", consumer],
    ...(inbox === undefined ? [] : [["inbox-prefix", inbox] as const]),
    // Of importance only to whoever makes the consumer.
    ...(create ? filterSubjects.map((filter) => ["filter", filter] as const) : []),
    ...publishes.map((subject) => ["publish", subject] as const),
  ];
  return [
    ...(api === undefined ? [] : [`NATS_JS_API_PREFIX=${quoted(api)}`]),
    `${OPERATOR_COMMAND} permissions`,
    ...flags.map(([name, value]) => `--${name} ${quoted(value)}`),
    ...(create ? ["--create"] : []),
  ].join(" ");
}

/** Without it a command goes to the domain of the server, where there may be a consumer of the same names. */
function apiFlag(config: Config): string {
  const prefix = otherApi(config.nats);
  return prefix === undefined ? "" : ` --js-api-prefix=${quoted(prefix)}`;
}

/** Undefined: JetStream of the server itself. */
function otherApi({ apiPrefix }: Pick<Config["nats"], "apiPrefix">): string | undefined {
  return apiPrefix === LOCAL_API ? undefined : apiPrefix;
}

/** Undefined: that of everybody. */
function ownInbox({ inboxPrefix }: Pick<Config["nats"], "inboxPrefix">): string | undefined {
  return inboxPrefix === DEFAULT_INBOX_PREFIX ? undefined : inboxPrefix;
}

function isFixed({ consumer }: Config, found: Partial<ConsumerConfig>): boolean {
  return differences(found, consumer).some((text) =>
    FIXED.some((name) => text.startsWith(`${name} is `)),
  );
}

/** The settings that reach and make the consumer, as a shell takes them; never credentials, but the secret's name. */
function environmentOf(config: Config): string {
  const { consumer, nats } = config;
  const { ackWaitMs, deliverPolicy, filterSubjects, maxAckPending, startSequence, startTime } =
    consumer;
  const scheme = nats.tls ? "tls" : "nats";
  const settings: readonly (readonly [string, string | number | undefined])[] = [
    ["NATS_URL", nats.servers.map((server) => `${scheme}://${server}`).join(",")],
    ["NATS_SECRET_ARN", nats.secretArn],
    ["NATS_INBOX_PREFIX", ownInbox(nats)],
    ["NATS_JS_API_PREFIX", otherApi(nats)],
    ["JETSTREAM_STREAM", consumer.stream],
    ["JETSTREAM_CONSUMER", consumer.consumer],
    ["JETSTREAM_FILTER_SUBJECTS", filterSubjects.length > 0 ? filterSubjects.join(",") : undefined],
    ["JETSTREAM_DELIVER_POLICY", deliverPolicy === "all" ? undefined : deliverPolicy],
    ["JETSTREAM_OPT_START_SEQ", startSequence],
    ["JETSTREAM_OPT_START_TIME", startTime],
    ["JETSTREAM_ACK_WAIT", formatDuration(ackWaitMs)],
    ["JETSTREAM_MAX_ACK_PENDING", maxAckPending],
  ];
  return settings
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(String(value))}`)
    .join(" ");
}

/** For a shell, to which `>`, `*` and `$` mean something. */
function quoted(text: string): string {
  return /^[\w./:,@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
