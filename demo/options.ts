// What can be said after `npm run demo --`.
import { parseArgs } from "node:util";

const TARGETS = ["sqs", "eventbridge", "lambda"] as const;

export type DemoOptions = {
  /** A server that runs already; undefined: one of our own. */
  readonly natsUrl: string | undefined;
  readonly target: (typeof TARGETS)[number];
  readonly queue: "fifo" | "standard";
  readonly messages: number;
};

export type Parsed =
  | { readonly kind: "run"; readonly options: DemoOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

export const HELP = `Publishes messages to NATS JetStream, forwards them to a local SQS queue, event bus or function with the real service,
kills the service with SIGKILL in the middle, starts it again, and compares what arrived with what was sent.

  npm run demo
  npm run demo -- --queue standard
  npm run demo -- --target eventbridge

  --target NAME           sqs, eventbridge or lambda (sqs)
  --queue fifo|standard   kind of queue; only a FIFO queue keeps order (fifo)
  --messages N            how many to publish, 100 to 9000 (5000)
  --nats-url URL          use a server that runs already, nats://user:password@host:4222; the demo makes a stream of
                          its own there, and removes it at the end
  --help                  this text

Exit: 0 nothing lost and order kept · 1 something lost, changed or out of order, or the demo could not run · 2 usage`;

export function parse(args: readonly string[]): Parsed {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      options: {
        "nats-url": { type: "string" },
        target: { type: "string", default: "sqs" },
        queue: { type: "string" },
        messages: { type: "string", default: "5000" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return values.help ? { kind: "help" } : checked(values);
  } catch (error) {
    return { kind: "wrong", problems: [(error as Error).message] };
  }
}

function checked(values: {
  readonly "nats-url"?: string;
  readonly target: string;
  readonly queue?: string;
  readonly messages: string;
}): Parsed {
  const { messages, queue = "fifo" } = values;
  const natsUrl = values["nats-url"];
  const problems: string[] = [];
  const count = /^\d{1,5}$/.test(messages) ? Number(messages) : Number.NaN;
  const target = TARGETS.find((one) => one === values.target);
  if (!target) {
    problems.push(
      `--target: given ${JSON.stringify(values.target)}, expected sqs, eventbridge or lambda`,
    );
  }
  if (values.queue !== undefined && target && target !== "sqs") {
    problems.push(`--queue: given ${JSON.stringify(queue)}, expected it only with --target sqs`);
  }
  if (queue !== "fifo" && queue !== "standard") {
    problems.push(`--queue: given ${JSON.stringify(queue)}, expected fifo or standard`);
  }
  // The local SQS remembers 10,000 deduplication ids.
  if (!(count >= 100 && count <= 9000)) {
    problems.push(
      `--messages: given ${JSON.stringify(messages)}, expected a number from 100 to 9000`,
    );
  }
  if (natsUrl !== undefined && !isNatsUrl(natsUrl)) {
    problems.push("--nats-url: given something else, expected nats://host:4222 or tls://host:4222");
  }
  if (problems.length > 0 || !target) return { kind: "wrong", problems };
  const kind = queue === "standard" ? "standard" : "fifo";
  return { kind: "run", options: { natsUrl, target, queue: kind, messages: count } };
}

function isNatsUrl(text: string): boolean {
  return (
    /^(nats|tls):\/\/[^/\s]+\/?$/.test(text) && URL.canParse(text.replace(/^(nats|tls):/, "http:"))
  );
}
