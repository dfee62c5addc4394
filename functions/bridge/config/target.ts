/** Where messages go: exactly one target, and the settings that belong to it. */
import type { Config } from "../config.ts";
import { parseTemplate, type Template, TemplateError, tokenBeyond } from "../map/template.ts";
import type { OptionName } from "./options.ts";
import type { Reader } from "./reader.ts";
import { functionArnOf, parseSize, queueUrlOf } from "./values.ts";

export type Target =
  | {
      readonly kind: "sqs";
      readonly queueUrl: string;
      /** Set when the queue is a FIFO queue: the bridge keeps the order of each group. */
      readonly fifo?: {
        readonly group: Template;
        readonly deduplicationId: "message-id" | "nats-msg-id";
      };
    }
  | {
      readonly kind: "eventbridge";
      /** Name or ARN. */
      readonly bus: string;
      readonly source: Template;
      readonly detailType: Template;
      readonly maxSize: number;
    }
  | { readonly kind: "function"; readonly arn: string; readonly bisectOnError: boolean }
  | {
      /** The user's own, in this process. */
      readonly kind: "handler";
      /** The bridge keeps the order of each group. */
      readonly group?: Template;
    };

/** What a handler's code says about how it is to be called. */
export interface HandlerSettings {
  readonly kind: "one" | "batch";
  readonly batchSize?: number;
  readonly concurrency?: number;
  readonly groupBy?: string;
}

/** Those that are named in the environment. */
type NamedKind = Exclude<Target["kind"], "handler">;

const SETTINGS_OF: Readonly<Record<NamedKind, readonly OptionName[]>> = {
  sqs: ["SQS_QUEUE_URL", "SQS_MESSAGE_GROUP_ID", "SQS_MESSAGE_DEDUPLICATION_ID"],
  eventbridge: ["EVENT_BUS_NAME", "EVENT_SOURCE", "EVENT_DETAIL_TYPE", "EVENT_MAX_SIZE"],
  function: ["FUNCTION_ARN", "BISECT_ON_ERROR"],
};

/** Which target is set; a second one, and settings of one that is not set, are faults. */
export function targetKindOf(reader: Reader, handler: HandlerSettings | undefined): Target["kind"] {
  if (handler) return refuseOthers(reader);
  const kinds = Object.keys(SETTINGS_OF) as NamedKind[];
  const mainOf = (kind: NamedKind): OptionName => SETTINGS_OF[kind][0] as OptionName;
  const given = kinds.filter((kind) => reader.isSet(mainOf(kind)));
  const [kind, second] = given;
  if (second) {
    const names = given.map(mainOf).join(" and ");
    reader.fault(mainOf(second), "a second target", `only one: ${names} are set`);
  }
  for (const other of kinds.filter((one) => !given.includes(one))) {
    for (const name of SETTINGS_OF[other].slice(1)) {
      if (kind && reader.isSet(name)) {
        reader.fault(name, reader.quoted(name), `it only with ${mainOf(other)}`);
      }
    }
  }
  return kind ?? "sqs";
}

/** The handler is the target, whatever else is set. */
function refuseOthers(reader: Reader): "handler" {
  for (const name of Object.values(SETTINGS_OF).flat()) {
    if (!reader.isSet(name)) continue;
    reader.fault(name, reader.quoted(name), "it unset: the target of this function is its handler");
  }
  return "handler";
}

export function targetOf(
  reader: Reader,
  kind: Target["kind"],
  consumer: Config["consumer"],
  handler: HandlerSettings | undefined,
): Target {
  switch (kind) {
    case "handler":
      return handlerTarget(reader, consumer, handler?.groupBy);
    case "sqs":
      return queueTarget(reader, consumer);
    case "eventbridge":
      return busTarget(reader, consumer);
    case "function":
      return {
        kind,
        arn: reader.required("FUNCTION_ARN", "the ARN of a function", functionArnOf) ?? "",
        bisectOnError: reader.flag("BISECT_ON_ERROR"),
      };
  }
}

function queueTarget(reader: Reader, consumer: Config["consumer"]): Target {
  const expected = "the URL of the target queue (or EVENT_BUS_NAME, or FUNCTION_ARN)";
  const queueUrl = reader.required("SQS_QUEUE_URL", expected, queueUrlOf) ?? "";
  const deduplicationId = reader.choice("SQS_MESSAGE_DEDUPLICATION_ID", "message-id", [
    "message-id",
    "nats-msg-id",
  ] as const);
  if (queueUrl.endsWith(".fifo")) {
    const group = templateOf(reader, "SQS_MESSAGE_GROUP_ID", "{subject}", consumer);
    return { kind: "sqs", queueUrl, fifo: { group, deduplicationId } };
  }
  for (const name of ["SQS_MESSAGE_GROUP_ID", "SQS_MESSAGE_DEDUPLICATION_ID"] as const) {
    if (queueUrl !== "" && reader.isSet(name)) {
      reader.fault(name, reader.quoted(name), "it only when SQS_QUEUE_URL names a .fifo queue");
    }
  }
  return { kind: "sqs", queueUrl };
}

function handlerTarget(
  reader: Reader,
  consumer: Config["consumer"],
  groupBy: string | undefined,
): Target {
  if (groupBy === undefined) return { kind: "handler" };
  try {
    const group = parseTemplate(groupBy);
    refuseTokensBeyond(reader, "groupBy", groupBy, group, consumer);
    return { kind: "handler", group };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    reader.fault("groupBy", JSON.stringify(groupBy), error.message);
    return { kind: "handler" };
  }
}

/** `PutEventsRequestEntry`, EventBridge API Reference. */
const BUS =
  /^([/._A-Za-z0-9-]{1,256}|arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\/[/._A-Za-z0-9-]{1,256})$/;

/** Most characters, as there. */
const MOST = { EVENT_SOURCE: 256, EVENT_DETAIL_TYPE: 128 } as const;

function busTarget(reader: Reader, consumer: Config["consumer"]): Target {
  const expected = "the name or the ARN of an event bus";
  const bus = reader.required("EVENT_BUS_NAME", expected, (text) =>
    BUS.test(text) ? text : undefined,
  );
  const source = eventTemplate(reader, "EVENT_SOURCE", "nats.{stream}", consumer);
  if (knownStart(source, consumer.stream).startsWith("aws.")) {
    reader.fault(
      "EVENT_SOURCE",
      reader.quoted("EVENT_SOURCE"),
      "one that does not start with aws., which is reserved",
    );
  }
  return {
    kind: "eventbridge",
    bus: bus ?? "",
    source,
    detailType: eventTemplate(reader, "EVENT_DETAIL_TYPE", "{subject}", consumer),
    maxSize:
      reader.optional("EVENT_MAX_SIZE", "a size from 1KiB to 1MiB, like 256KiB", (text) => {
        const bytes = parseSize(text);
        return bytes !== undefined && bytes >= 1024 && bytes <= 1_048_576 ? bytes : undefined;
      }) ?? 262_144,
  };
}

/** One that is too long for every message is refused at the start; the others are measured with each message. */
function eventTemplate(
  reader: Reader,
  name: keyof typeof MOST,
  fallback: string,
  consumer: Config["consumer"],
): Template {
  const template = templateOf(reader, name, fallback, consumer);
  const least = template
    .map((part) => knownText(part, consumer.stream)?.length ?? 1)
    .reduce((sum, length) => sum + length, 0);
  if (least > MOST[name]) {
    const given = JSON.stringify(reader.text(name) ?? fallback);
    reader.fault(name, given, `at most ${MOST[name]} characters, and this makes ${least} or more`);
  }
  return template;
}

/** What every message fills in. */
function knownStart(template: Template, stream: string): string {
  const unknown = template.findIndex((part) => knownText(part, stream) === undefined);
  const known = unknown < 0 ? template : template.slice(0, unknown);
  return known.map((part) => knownText(part, stream)).join("");
}

function knownText(part: Template[number], stream: string): string | undefined {
  if (part.kind === "literal") return part.text;
  return part.kind === "stream" ? stream : undefined;
}

/** A place that no subject of the filter can fill is refused at the start. */
function templateOf(
  reader: Reader,
  name: OptionName,
  fallback: string,
  consumer: Config["consumer"],
): Template {
  const template = reader.optional(name, "a template like {subject.2}", parseTemplate);
  if (template) refuseTokensBeyond(reader, name, reader.text(name) ?? "", template, consumer);
  return template ?? parseTemplate(fallback);
}

function refuseTokensBeyond(
  reader: Reader,
  name: string,
  given: string,
  template: Template,
  consumer: Config["consumer"],
): void {
  for (const filter of consumer.filterSubjects) {
    const beyond = tokenBeyond(template, filter);
    if (beyond === undefined) continue;
    const tokens = filter.split(".").length;
    reader.fault(
      name,
      JSON.stringify(given),
      `no {subject.${beyond}}: subjects of the filter ${filter} have ${tokens} tokens`,
    );
  }
}
