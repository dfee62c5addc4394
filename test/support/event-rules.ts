// What PutEvents takes, read off its documentation once more: EventBridge API Reference and User Guide.

/** One entry of a PutEvents, as it came over the wire. */
export interface PutEntry {
  readonly EventBusName?: unknown;
  readonly Source?: unknown;
  readonly DetailType?: unknown;
  readonly Detail?: unknown;
  readonly Time?: unknown;
  readonly TraceHeader?: unknown;
  readonly Resources?: unknown;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** "Calculating PutEvents event entry size"; the bus and the trace do not count. */
function entrySize({ Detail, DetailType, Resources, Source, Time }: PutEntry): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])];
  return texts
    .filter((text) => typeof text === "string")
    .reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}

const REQUEST_BYTES = 1_048_576;

const REQUIRED = ["Source", "DetailType", "Detail"] as const;

function isComplete(entry: PutEntry): boolean {
  return REQUIRED.every((name) => typeof entry[name] === "string" && entry[name] !== "");
}

/** Why the request as a whole is refused; undefined when it is not. */
export function requestFault(entries: unknown): Refusal | undefined {
  const invalid = (message: string): Refusal => ({ code: "ValidationException", message });
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > 10) {
    return invalid("Value at 'entries' failed to satisfy constraint: 1 to 10 members");
  }
  for (const entry of entries as readonly PutEntry[]) {
    if (entry.Time !== undefined && typeof entry.Time !== "number") {
      return { code: "SerializationException", message: "Time is no number" };
    }
    if (entry.EventBusName !== undefined && !isBusName(entry.EventBusName)) {
      return invalid("Value at 'eventBusName' failed to satisfy constraint: regular expression");
    }
    if (typeof entry.TraceHeader === "string" && entry.TraceHeader.length > 500) {
      return invalid("Value at 'traceHeader' failed to satisfy constraint: at most 500");
    }
  }
  if (!(entries as readonly PutEntry[]).some(isComplete)) {
    return invalid("no entry has Source, DetailType and Detail");
  }
  const total = (entries as readonly PutEntry[]).map(entrySize).reduce((sum, size) => sum + size);
  if (total > REQUEST_BYTES) {
    return invalid("Total size of the entries in the request is over the limit.");
  }
  return undefined;
}

/** Why an entry fails, while its neighbours do not; undefined when it is taken. */
export function entryFault(entry: PutEntry): Refusal | undefined {
  const missing = REQUIRED.find((name) => typeof entry[name] !== "string" || entry[name] === "");
  if (missing !== undefined) return argument(missing, `${missing} is a required argument.`);
  const [source, type, detail] = REQUIRED.map((name) => String(entry[name]));
  if (source?.startsWith("aws.")) {
    return { code: "NotAuthorizedForSourceException", message: "Not authorized for the source." };
  }
  if ((source?.length ?? 0) > 256) return argument("Source", "more than 256 characters");
  if ((type?.length ?? 0) > 128) return argument("DetailType", "more than 128 characters");
  return detailFault(detail ?? "");
}

function argument(name: string, reason: string): Refusal {
  return { code: "InvalidArgument", message: `Parameter ${name} is not valid. Reason: ${reason}` };
}

function detailFault(detail: string): Refusal | undefined {
  const malformed = { code: "MalformedDetail", message: "Detail is malformed." };
  try {
    const value: unknown = JSON.parse(detail);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && depthOf(detail) <= 1000 ? undefined : malformed;
  } catch {
    return malformed;
  }
}

/** Of braces and brackets, those in texts left out. */
function depthOf(json: string): number {
  let [depth, deepest] = [0, 0];
  for (const [part] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (part === "{" || part === "[") depth += 1;
    if (part === "}" || part === "]") depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function isBusName(name: unknown): boolean {
  return (
    typeof name === "string" &&
    /^(arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\/)?[/.\-_A-Za-z0-9]{1,256}$/.test(name)
  );
}
