/** A queue that answers as it is told, and remembers what it was sent. */
import type { SqsAnswer } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsQueue } from "../../functions/bridge/sinks/sqs/call.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";

export interface FakeQueue extends SqsQueue {
  /** The bodies of each call. */
  readonly calls: readonly (readonly string[])[];
}

export interface FakeQueueAnswers {
  send?: (entries: readonly SqsEntry[], signal: AbortSignal) => SqsAnswer;
  attributes?: () => Readonly<Record<string, string>>;
}

const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";

export function fakeQueue(answers: FakeQueueAnswers = {}): FakeQueue {
  const { send = allSent, attributes = () => ({}) } = answers;
  const calls: string[][] = [];
  return {
    url: QUEUE_URL,
    calls,
    async send(entries, signal) {
      calls.push(entries.map(({ body }) => body));
      return send(entries, signal);
    },
    async attributes() {
      return attributes();
    },
  };
}

export function allSent(entries: readonly SqsEntry[]): SqsAnswer {
  return {
    Successful: entries.map((_, at) => ({ Id: String(at), MessageId: `message-${at}` })),
    Failed: [],
  };
}

/** An error as the SDK throws it: the code is its name. */
export function awsError(name: string, message: string = "said SQS", more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}
