/** One JSON object a line. Payloads and header values never get here, and secrets are taken out of whatever does. */

export type LogLevel = "debug" | "info" | "warn" | "error";

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Part of the interface, and no matter of taste: told at every level. */
const ALWAYS: ReadonlySet<string> = new Set(["receipt", "metrics", "health"]);

export type Log = (
  level: LogLevel,
  event: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

export interface LogOptions {
  readonly level: LogLevel;
  /** Takes out what must never be printed. */
  readonly scrub: (text: string) => string;
  readonly write: (line: string) => void;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
}

export function logger(options: LogOptions): Log {
  const { scrub } = options;
  return (level, event, details = {}) => {
    if (ORDER.indexOf(level) < ORDER.indexOf(options.level) && !ALWAYS.has(event)) return;
    const line = { time: new Date(options.now()).toISOString(), level, event, ...details };
    // Its texts are names of ours, of the stream and of the consumer: a password that is part of one would make another.
    const text = event === "metrics" ? JSON.stringify(line) : jsonOf(line, scrub);
    options.write(`${text}\n`);
  };
}

/** As JSON, with no secret in its texts and names. A number is no text: it would be none without some of its digits. */
export function jsonOf(line: object, scrub: LogOptions["scrub"]): string {
  return JSON.stringify(line, (_name, value) => withoutSecrets(value, scrub));
}

function withoutSecrets(value: unknown, scrub: LogOptions["scrub"]): unknown {
  if (typeof value === "string") return scrub(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [scrub(name), one]));
}

export interface Scrubber {
  /** The text without any secret, also as JSON writes them. */
  (text: string): string;
  /** From now on these too: what a process finds out while it runs. */
  readonly learn: (secrets: readonly string[]) => void;
}

/** Of what was learned, so much is remembered: a rotated secret is soon worth nothing. */
const MOST_LEARNED = 100;

/** One for the whole process, so that what it learns counts everywhere. */
export function scrubber(secrets: readonly string[]): Scrubber {
  let learned: readonly string[] = [];
  let longestFirst = formsOf(secrets);
  const scrub = (text: string): string => {
    const rest = longestFirst.reduce((some, secret) => some.replaceAll(secret, "***"), text);
    // What is put in may make a secret with what stands beside it.
    return rest === text ? rest : scrub(rest);
  };
  return Object.assign(scrub, {
    learn: (more: readonly string[]): void => {
      learned = [...new Set([...more, ...learned])].slice(0, MOST_LEARNED);
      longestFirst = formsOf([...secrets, ...learned]);
    },
  });
}

function formsOf(secrets: readonly string[]): readonly string[] {
  const forms = new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  return [...forms].filter((form) => form.length > 2).toSorted((a, b) => b.length - a.length);
}

/** At which level each event of the loop is told; one that is not listed is `info`. */
export const LEVELS: Readonly<Record<string, LogLevel>> = {
  "backlog-left": "warn",
  "bus-not-readable": "warn",
  "consumer-differs": "warn",
  "consumer-made": "warn",
  "dead-letter-refused": "error",
  "dead-letters-unavailable": "warn",
  "deduplication-windows": "warn",
  "doorbell-refused": "error",
  "event-refused": "error",
  "handler-failed": "warn",
  "leader-changed": "info",
  "leases-lapsed": "warn",
  "message-buried": "warn",
  "message-held": "warn",
  "message-not-accepted": "debug",
  "messages-expired": "warn",
  "not-reconnected": "warn",
  "not-rung-again": "warn",
  "publish-failed": "warn",
  "publish-window": "warn",
  "publish-without-stream": "warn",
  "pull-interrupted": "warn",
  "queue-not-readable": "warn",
  "secret-not-read": "warn",
  "settled-again": "warn",
  "stream-not-readable": "warn",
  "target-unavailable": "warn",
  "verdicts-dropped": "error",
};

/** What of a configuration that is right may still surprise. */
export function logSurprises(
  log: Log,
  warnings: readonly string[],
  {
    deadLetterBucket,
    deadLetterQueueUrl,
  }: {
    readonly deadLetterBucket?: string | undefined;
    readonly deadLetterQueueUrl?: string | undefined;
  },
): void {
  for (const warning of warnings) log("warn", "configuration", { warning });
  if ((deadLetterQueueUrl ?? deadLetterBucket) !== undefined) return;
  log("warn", "no-dead-letters", {
    consequence: "the first message that is rejected stops the bridge as blocked",
    advice: "set DEAD_LETTER_QUEUE_URL or DEAD_LETTER_BUCKET",
  });
}
