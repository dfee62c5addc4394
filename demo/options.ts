// What can be said after `npm run demo --`.
import { parseArgs } from "node:util";

const TARGETS = ["sqs", "eventbridge", "lambda"] as const;

export type DemoOptions = {
  /** The second half: a function that sleeps and wakes, instead of a service that forwards. */
  readonly wake: boolean;
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

const MESSAGES = { forward: 5000, wake: 1500 };

export const HELP = `Publishes messages to NATS JetStream, forwards them to a local SQS queue, event bus or function with the real service,
kills the service with SIGKILL in the middle, starts it again, and compares what arrived with what was sent.

With --wake the messages go to a handler, in a function that sleeps: a schedule and a doorbell wake it, it handles what
there is, and is frozen again, as Lambda does it. Each wake is one line. One is killed with SIGKILL in the middle.

  npm run demo
  npm run demo -- --wake
  npm run demo -- --queue standard
  npm run demo -- --target eventbridge

  --wake                  a function that sleeps and wakes, instead of a service that forwards
  --target NAME           sqs, eventbridge or lambda (sqs); not with --wake
  --queue fifo|standard   kind of queue; only a FIFO queue keeps order (fifo); not with --wake
  --messages N            how many to publish, 100 to 9000 (${MESSAGES.forward}, with --wake ${MESSAGES.wake})
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
        wake: { type: "boolean", default: false },
        "nats-url": { type: "string" },
        target: { type: "string" },
        queue: { type: "string" },
        messages: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return values.help ? { kind: "help" } : checked(values);
  } catch (error) {
    return { kind: "wrong", problems: [(error as Error).message] };
  }
}

type Given = {
  readonly wake: boolean;
  readonly "nats-url"?: string;
  readonly target?: string;
  readonly queue?: string;
  readonly messages?: string;
};

function checked(given: Given): Parsed {
  const { queue, wake } = given;
  const { messages = String(MESSAGES[wake ? "wake" : "forward"]) } = given;
  const count = /^\d{1,5}$/.test(messages) ? Number(messages) : Number.NaN;
  const target = TARGETS.find((one) => one === (given.target ?? "sqs"));
  const problems = [...targetProblems(given), ...queueProblems(given)];
  // The local SQS remembers 10,000 deduplication ids.
  if (!(count >= 100 && count <= 9000)) {
    problems.push(wrong("messages", messages, "a number from 100 to 9000"));
  }
  const natsUrl = given["nats-url"];
  if (natsUrl !== undefined && !isNatsUrl(natsUrl)) {
    problems.push("--nats-url: given something else, expected nats://host:4222 or tls://host:4222");
  }
  if (problems.length > 0 || !target) return { kind: "wrong", problems };
  const kind = queue === "standard" ? "standard" : "fifo";
  return { kind: "run", options: { wake, natsUrl, target, queue: kind, messages: count } };
}

function targetProblems({ target, wake }: Given): readonly string[] {
  if (target === undefined) return [];
  if (!TARGETS.some((one) => one === target)) {
    return [wrong("target", target, "sqs, eventbridge or lambda")];
  }
  return wake ? [wrong("target", target, "it only without --wake")] : [];
}

function queueProblems({ queue, target = "sqs", wake }: Given): readonly string[] {
  if (queue === undefined) return [];
  if (queue !== "fifo" && queue !== "standard") return [wrong("queue", queue, "fifo or standard")];
  if (wake) return [wrong("queue", queue, "it only without --wake")];
  const isOther = target === "eventbridge" || target === "lambda";
  return isOther ? [wrong("queue", queue, "it only with --target sqs")] : [];
}

function wrong(name: string, given: string, expected: string): string {
  return `--${name}: given ${JSON.stringify(given)}, expected ${expected}`;
}

function isNatsUrl(text: string): boolean {
  return (
    /^(nats|tls):\/\/[^/\s]+\/?$/.test(text) && URL.canParse(text.replace(/^(nats|tls):/, "http:"))
  );
}
