// A line in CloudWatch's embedded metric format, checked by the rules of its specification ("Specification: Embedded metric
// format" in AWS's documentation), and read as CloudWatch reads it.
import { Ajv } from "ajv";

const UNIT =
  "^(Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Percent|Count|(Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Count)/Second|None)$";

const nameSchema = { type: "string", minLength: 1, maxLength: 1024 };

const directive = {
  type: "object",
  required: ["Namespace", "Dimensions", "Metrics"],
  additionalProperties: false,
  properties: {
    Namespace: nameSchema,
    Dimensions: {
      type: "array",
      minItems: 1,
      items: {
        type: "array",
        minItems: 1,
        maxItems: 30,
        uniqueItems: true,
        items: { type: "string", minLength: 1, maxLength: 250 },
      },
    },
    Metrics: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: {
        type: "object",
        required: ["Name"],
        additionalProperties: false,
        properties: { Name: nameSchema, Unit: { type: "string", pattern: UNIT } },
      },
    },
  },
};

const root = {
  type: "object",
  required: ["_aws"],
  properties: {
    _aws: {
      type: "object",
      required: ["Timestamp", "CloudWatchMetrics"],
      additionalProperties: false,
      properties: {
        Timestamp: { type: "integer", minimum: 1 },
        CloudWatchMetrics: { type: "array", minItems: 1, items: directive },
      },
    },
  },
};

const validate = new Ajv({ allErrors: true }).compile(root);

interface Directive {
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
}

type Document = Readonly<Record<string, unknown>> & {
  readonly _aws: { readonly CloudWatchMetrics: readonly Directive[] };
};

/** What the line says of itself: the names of its dimensions and metrics. */
function namesIn({ _aws: { CloudWatchMetrics } }: Document): {
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
} {
  return {
    dimensions: CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions.flat()),
    metrics: CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)),
  };
}

/** What is wrong with a line; empty: CloudWatch takes it. */
export function emfFaults(line: unknown): readonly string[] {
  if (!validate(line)) {
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${instancePath} ${String(message)}`,
    );
  }
  const document = line as Document;
  const { dimensions, metrics } = namesIn(document);
  return [
    dimensions.filter((name) => !isDimension(document[name])),
    metrics.filter((name) => !Number.isFinite(document[name])),
  ].flat();
}

/** ASCII, with something to see, and no colon first. */
function isDimension(value: unknown): boolean {
  return typeof value === "string" && /^[\x21-\x39\x3b-\x7e][\x20-\x7e]{0,1023}$/.test(value);
}

/** The metrics of a line by name; those that CloudWatch is not told of are none. */
export function emfValues(line: unknown): Readonly<Record<string, number>> {
  const document = line as Document;
  const { metrics } = namesIn(document);
  return Object.fromEntries(metrics.map((name) => [name, document[name] as number]));
}
