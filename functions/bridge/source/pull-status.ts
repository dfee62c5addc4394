/** What the server says at the end of a pull → how the pull ended. Measured on nats-server 2.9 to 2.15. */
import type { Pulled } from "../core/ports.ts";
import { SourceError } from "./source-error.ts";

/** How a pull ended, without what it brought. */
export type PullEnd = Pulled extends infer P
  ? P extends unknown
    ? Omit<P, "held">
    : never
  : never;

export interface StatusContext {
  /** Messages that this pull has brought. */
  readonly delivered: number;
  /** The whole wait is over. */
  readonly expired: boolean;
  readonly stream: string;
  readonly consumer: string;
}

export function pullEnd(status: number, description: string, context: StatusContext): PullEnd {
  const said = `${status} ${description}`.trim();
  const where = `consumer ${context.consumer} of stream ${context.stream}`;
  switch (status) {
    case 404:
      return { end: "drained" };
    case 408:
      // Before its time with messages: no more are there (2.9). At its time: empty, paused, or max ack pending.
      return { end: context.delivered > 0 && !context.expired ? "drained" : "waited" };
    case 409:
      return conflict(description, said, where);
    case 503:
      return { end: "interrupted", cause: new Error(`${where} does not answer (${said})`) };
    default:
      return {
        end: "refused",
        cause: new SourceError("refused", `the server refuses to deliver from ${where}: ${said}`),
      };
  }
}

function conflict(description: string, said: string, where: string): PullEnd {
  if (/message size exceeds maxbytes/i.test(description)) return { end: "budget" };
  if (/batch completed/i.test(description)) return { end: "filled" };
  if (/consumer deleted|stream deleted/i.test(description)) {
    return { end: "gone", cause: new SourceError("gone", `${where} was deleted (${said})`) };
  }
  if (/leadership change|server shutdown|maxwaiting/i.test(description)) {
    return { end: "interrupted", cause: new Error(`${where}: ${said}`) };
  }
  return {
    end: "refused",
    cause: new SourceError("refused", `the server refuses to deliver from ${where}: ${said}`),
  };
}
