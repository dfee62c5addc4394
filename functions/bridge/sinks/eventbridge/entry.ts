/** Message → entry of a PutEvents. Pure: the same message always gives the same entry. */
import type { Message, Rejected } from "../../core/ports.ts";
import { messageId } from "../../map/message-id.ts";
import { fillTemplate, type Template } from "../../map/template.ts";
import { decodeUtf8, utf8Length } from "../../map/text.ts";
import { rfc3339 } from "../../map/time.ts";
import { xrayTraceHeader } from "../../map/trace.ts";

export interface EventEntry {
  readonly source: string;
  readonly detailType: string;
  /** A JSON object, as text. */
  readonly detail: string;
  /** Milliseconds since 1970; EventBridge keeps whole seconds. */
  readonly time: number;
  readonly trace?: string;
  /** As EventBridge counts them. */
  readonly bytes: number;
}

export interface EventMapping {
  readonly origin: string;
  readonly source: Template;
  readonly detailType: Template;
}

/** Most characters. `PutEventsRequestEntry`, EventBridge API Reference. */
const MOST_DETAIL_TYPE = 128;
const MOST_SOURCE = 256;

/** What `Time` counts for. "Calculating PutEvents event entry size", EventBridge User Guide. */
const TIME_BYTES = 14;

export function eventEntry(message: Message, mapping: EventMapping): EventEntry | Rejected {
  const source = fillTemplate(mapping.source, message);
  if (typeof source === "object") return source;
  const detailType = fillTemplate(mapping.detailType, message);
  if (typeof detailType === "object") return detailType;
  const fault = sourceFault(source) ?? detailTypeFault(detailType);
  if (fault !== undefined) return { rejected: fault };
  const detail = detailOf(message, mapping.origin);
  const trace = xrayTraceHeader(message.headers.get("traceparent")?.[0]);
  return {
    source,
    detailType,
    detail,
    time: Number(message.timestampNanos / 1_000_000n),
    ...(trace !== undefined && { trace }),
    bytes: TIME_BYTES + utf8Length(source) + utf8Length(detailType) + utf8Length(detail),
  };
}

/** Why this can be no `Source`; undefined when it can. */
function sourceFault(source: string): string | undefined {
  if (source.startsWith("aws.")) return `the source ${source} starts with aws., which is reserved`;
  if (source.length <= MOST_SOURCE) return undefined;
  return `the source has ${source.length} characters, EventBridge takes ${MOST_SOURCE}`;
}

/** Why this can be no `DetailType`; undefined when it can. */
function detailTypeFault(detailType: string): string | undefined {
  if (detailType.length <= MOST_DETAIL_TYPE) return undefined;
  return `the detail type has ${detailType.length} characters, EventBridge takes ${MOST_DETAIL_TYPE}`;
}

/**
 * The payload's own text where it is a JSON object without a member `nats`, with that member added behind the others:
 * never parsed and written anew, so that large numbers and the order of keys survive. Everything else is wrapped.
 */
function detailOf(message: Message, origin: string): string {
  const nats = `"nats":${natsOf(message, origin)}`;
  const text = decodeUtf8(message.data);
  if (text === undefined) {
    return `{${nats},"data_base64":"${Buffer.from(message.data).toString("base64")}"}`;
  }
  const value = parsed(text);
  if (value === undefined || typeof value === "string")
    return `{${nats},"data":${JSON.stringify(text)}}`;
  if (!isPlainObject(value) || Object.hasOwn(value, "nats")) return `{${nats},"data":${text}}`;
  const end = text.lastIndexOf("}");
  const comma = Object.keys(value).length > 0 ? "," : "";
  return `${text.slice(0, end)}${comma}${nats}${text.slice(end)}`;
}

function natsOf(message: Message, origin: string): string {
  const { stream, streamSequence, subject, timestampNanos } = message;
  const headers = [...message.headers].map(
    ([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(values)}`,
  );
  const id = JSON.stringify(messageId(origin, message));
  return `{"id":${id},"stream":${JSON.stringify(stream)},"sequence":${streamSequence},"subject":${JSON.stringify(subject)},"timestamp":"${rfc3339(timestampNanos)}","headers":{${headers.join(",")}}}`;
}

/** Undefined when it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
