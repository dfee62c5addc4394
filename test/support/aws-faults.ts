// What AWS and the way to it can make of a SendMessageBatch.
import { hash } from "node:crypto";
import type { SentEntry } from "./aws-fault-proxy.ts";

export type Fault =
  /** These entries fail by themselves and do not arrive; the others do. */
  | {
      readonly kind: "entries";
      readonly failed: Readonly<
        Record<string, { readonly code: string; readonly sender: boolean }>
      >;
    }
  /** The call as a whole is refused: nothing arrives. */
  | { readonly kind: "error"; readonly status: number; readonly code: string }
  /** No answer, ever. */
  | { readonly kind: "silence"; readonly taken: boolean }
  /** The connection is reset before an answer. */
  | { readonly kind: "reset"; readonly taken: boolean }
  /** All arrives, and half of the answer comes back as if it were all. */
  | { readonly kind: "truncated" }
  /** All arrives, and for these entries SQS says that it has stored another body. */
  | { readonly kind: "wrong-md5"; readonly ids: readonly string[] }
  /** The answer is silent about these, taken or not; all others arrive. */
  | { readonly kind: "missing"; readonly ids: readonly string[]; readonly taken: boolean }
  /** All arrives, and the answer names them in another order. */
  | { readonly kind: "reordered" }
  /** All is said to be taken, and nobody is asked. */
  | { readonly kind: "null" }
  /** All arrives, and the answer also names entries that were never sent, as taken and as failed. */
  | { readonly kind: "extra" };

export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Success {
  readonly Id: string;
  readonly MD5OfMessageBody: string;
}

interface Failure {
  readonly Id: string;
  readonly Code: string;
  readonly SenderFault: boolean;
  readonly Message?: string;
}

type Forward = (entries: readonly SentEntry[]) => Promise<Answer>;

export async function spoil(
  fault: Fault | undefined,
  entries: readonly SentEntry[],
  forward: Forward,
): Promise<Answer | "silence" | "reset"> {
  switch (fault?.kind) {
    case undefined:
      return forward(entries);
    case "entries":
      return failSome(fault.failed, entries, forward);
    case "error": {
      const body = { __type: `com.amazonaws.sqs#${fault.code}`, message: "made up by a test" };
      return { status: fault.status, body: JSON.stringify(body) };
    }
    case "silence":
    case "reset":
      if (fault.taken) await forward(entries);
      return fault.kind;
    case "truncated": {
      const { status, body } = await forward(entries);
      return { status, body: body.slice(0, body.length / 2) };
    }
    case "wrong-md5":
      return edit(await forward(entries), (taken, failed) => ({
        taken: taken.map((one) =>
          fault.ids.includes(one.Id) ? { ...one, MD5OfMessageBody: "0".repeat(32) } : one,
        ),
        failed,
      }));
    case "missing": {
      const arriving = fault.taken ? entries : entries.filter(({ Id }) => !fault.ids.includes(Id));
      return edit(await forwardAny(arriving, forward), (taken, failed) => ({
        taken: taken.filter(({ Id }) => !fault.ids.includes(Id)),
        failed: failed.filter(({ Id }) => !fault.ids.includes(Id)),
      }));
    }
    case "reordered":
      return edit(await forward(entries), (taken, failed) => ({
        taken: taken.toReversed(),
        failed: failed.toReversed(),
      }));
    case "null":
      return {
        status: 200,
        body: JSON.stringify({ Successful: entries.map(success), Failed: [] }),
      };
    case "extra":
      return edit(await forward(entries), (taken, failed) => ({
        taken: [...taken, { Id: "never-sent", MD5OfMessageBody: "0".repeat(32) }],
        failed: [...failed, failure("99", "InvalidMessageContents", true)],
      }));
  }
}

async function failSome(
  failing: Readonly<Record<string, { readonly code: string; readonly sender: boolean }>>,
  entries: readonly SentEntry[],
  forward: Forward,
): Promise<Answer> {
  const others = entries.filter(({ Id }) => !(Id in failing));
  const answer = await forwardAny(others, forward);
  const made = Object.entries(failing).map(([id, { code, sender }]) => failure(id, code, sender));
  return edit(answer, (taken, failed) => ({ taken, failed: [...failed, ...made] }));
}

async function forwardAny(entries: readonly SentEntry[], forward: Forward): Promise<Answer> {
  return entries.length > 0 ? forward(entries) : { status: 200, body: "{}" };
}

function success({ Id, MessageBody }: SentEntry): Success & { readonly MessageId: string } {
  return { Id, MessageId: `null-${Id}`, MD5OfMessageBody: hash("md5", MessageBody) };
}

function failure(Id: string, Code: string, SenderFault: boolean): Failure {
  return { Id, Code, SenderFault, Message: "made up by a test" };
}

interface Lists {
  readonly taken: readonly Success[];
  readonly failed: readonly Failure[];
}

function edit(
  answer: Answer,
  change: (taken: readonly Success[], failed: readonly Failure[]) => Lists,
): Answer {
  if (answer.status !== 200) return answer;
  const { Successful = [], Failed = [] } = JSON.parse(answer.body) as {
    Successful?: readonly Success[];
    Failed?: readonly Failure[];
  };
  const { taken, failed } = change(Successful, Failed);
  return { status: 200, body: JSON.stringify({ Successful: taken, Failed: failed }) };
}
