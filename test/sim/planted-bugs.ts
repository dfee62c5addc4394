/** One bug for each law that the loop can break, planted beside the product: the simulator has to find every one. */
import type { Outcome } from "../../functions/bridge/core/outcome.ts";
import { isOurs } from "../../functions/bridge/core/lease.ts";
import type { Held, Sink, Source } from "../../functions/bridge/core/ports.ts";
import { decide } from "../../functions/bridge/core/settlement.ts";
import { outcomesOf as eventOutcomesOf } from "../../functions/bridge/sinks/eventbridge/answer.ts";
import { outcomesOf as functionOutcomesOf } from "../../functions/bridge/sinks/lambda/answer.ts";
import { outcomesOf } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import type { WireMessage } from "../../functions/bridge/source/wire.ts";
import type { Plants } from "./plants.ts";

export interface PlantedBug {
  readonly law: number;
  readonly bug: string;
  readonly plants: Plants;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    law: 1,
    bug: "a verdict gets lost between its batch and the count",
    plants: source((real) => ({
      async settle(verdicts) {
        const { confirmed, unconfirmed } = await real.settle(verdicts);
        return { confirmed: confirmed.length > 2 ? confirmed.slice(1) : confirmed, unconfirmed };
      },
    })),
  },
  {
    law: 1,
    bug: "a failed message is put off for longer than anybody waits",
    plants: {
      decisions: {
        decide: (outcome, history, policy, random) => {
          const decision = decide(outcome, history, policy, random);
          return decision.kind === "keep"
            ? { kind: "keep", delayMs: Number.POSITIVE_INFINITY }
            : decision;
        },
      },
    },
  },
  {
    law: 2,
    bug: "what failed counts as accepted",
    plants: reading((outcome) => (outcome.kind === "failed" ? accepted : outcome)),
  },
  {
    law: 2,
    bug: "a message of which nothing is known is acked",
    plants: {
      decisions: {
        decide: (outcome, ...rest) =>
          outcome.kind === "unknown" ? { kind: "ack" } : decide(outcome, ...rest),
      },
    },
  },
  {
    law: 3,
    bug: "every failure is evidence, whatever became of the others",
    plants: {
      decisions: {
        decide: (outcome, history, ...rest) =>
          decide(outcome, { ...history, evidence: history.failures }, ...rest),
      },
    },
  },
  {
    law: 3,
    bug: "what may pass counts as permanent",
    plants: reading((outcome) =>
      outcome.kind === "failed" ? { kind: "rejected", reason: outcome.reason } : outcome,
    ),
  },
  {
    law: 4,
    bug: "one rejected entry rejects the whole call",
    plants: {
      read: (entries, answer) => {
        const outcomes = outcomesOf(entries, answer);
        const rejected = outcomes.find(({ kind }) => kind === "rejected");
        return rejected ? outcomes.map(() => rejected) : outcomes;
      },
    },
  },
  {
    law: 4,
    bug: "one failed entry sends the whole call again",
    plants: {
      read: (entries, answer) => {
        const outcomes = outcomesOf(entries, answer);
        const failed = outcomes.find(({ kind }) => kind === "failed");
        return failed ? outcomes.map(() => failed) : outcomes;
      },
    },
  },
  {
    law: 5,
    bug: "each try says which it is",
    plants: {
      sink: (real) => {
        let tries = 0;
        return {
          ...real,
          deliver: (batch, ...rest) =>
            real.deliver(
              batch.map((entry) => withAttribute(entry, "try", String(++tries))),
              ...rest,
            ),
        };
      },
    },
  },
  {
    law: 6,
    bug: "what is missing from the answer counts as accepted",
    plants: reading((outcome) =>
      outcome.kind === "failed" && outcome.reason.startsWith("missing") ? accepted : outcome,
    ),
  },
  {
    law: 3,
    bug: "an event without a result of its own counts as rejected",
    plants: {
      readEvents: (entries, answer) =>
        eventOutcomesOf(entries, answer).map((outcome) =>
          outcome.kind === "failed" && outcome.maybeTaken
            ? { kind: "rejected", reason: outcome.reason }
            : outcome,
        ),
    },
  },
  {
    law: 2,
    bug: "whatever a store of dead letters answers, they count as stored",
    plants: {
      deadLetters: (real) => ({
        ...real,
        deliver: async (batch, ...rest) => {
          const delivery = await real.deliver(batch, ...rest);
          if (delivery.kind === "unavailable") return delivery;
          return { kind: "answered", outcomes: batch.map(() => accepted) };
        },
      }),
    },
  },
  {
    law: 2,
    bug: "an event that is refused by itself counts as accepted, since the call was",
    plants: { readEvents: (entries) => entries.map(() => accepted) },
  },
  {
    law: 2,
    bug: "a function that throws has returned nothing, and so succeeded with all",
    plants: { readFunction: (records, { Payload }) => functionOutcomesOf(records, { Payload }) },
  },
  {
    law: 2,
    bug: "what a function names in batchItemFailures is acked with the others",
    plants: {
      readFunction: (records, answer) =>
        answer.FunctionError ? functionOutcomesOf(records, answer) : records.map(() => accepted),
    },
  },
  {
    law: 3,
    bug: "one throw of a function rejects its whole batch",
    plants: {
      readFunction: (records, answer) =>
        answer.FunctionError
          ? records.map(() => ({ kind: "rejected", reason: "it threw" }))
          : functionOutcomesOf(records, answer),
    },
  },
  {
    law: 7,
    bug: "an ack without an answer counts as confirmed",
    plants: source((real) => ({
      async settle(verdicts) {
        await real.settle(verdicts);
        return { confirmed: verdicts, unconfirmed: [] };
      },
    })),
  },
  {
    law: 7,
    bug: "an ack counts as confirmed once it is written",
    plants: {
      wire: (real, listener) => ({
        inbox: real.inbox,
        pullInbox: real.pullInbox,
        serverVersion: real.serverVersion,
        maxPayload: real.maxPayload,
        publish(subject, payload, reply, headers) {
          real.publish(subject, payload, payload === "+ACK" ? undefined : reply, headers);
          if (payload === "+ACK" && reply !== undefined)
            queueMicrotask(() => listener.message(confirmation(reply)));
        },
        stopReceiving: () => real.stopReceiving(),
        close: (flush) => real.close(flush),
      }),
    },
  },
  {
    law: 8,
    bug: "nobody waits for the one before it in its group",
    plants: {
      decisions: { sendable: (queued, now) => [...queued].filter((item) => item.notBefore <= now) },
    },
  },
  {
    law: 8,
    bug: "a gap in the consumer's count is not noticed",
    plants: { decisions: { follow: (last, sequences) => sequences.at(-1) ?? last } },
  },
  {
    law: 9,
    bug: "the id is new with every delivery",
    plants: preparing((entry) => ({ ...entry, deduplication: `${entry.deduplication}-${++made}` })),
  },
  {
    law: 9,
    bug: "the id is the sequence alone, which is given out again in a stream made anew",
    plants: preparing((entry) => {
      const id = entry.attributes.get("nats-id")?.split("/").slice(0, 2).join("/") ?? "";
      return { ...withAttribute(entry, "nats-id", id), deduplication: id };
    }),
  },
  {
    law: 11,
    bug: "the ack wait is no lease",
    plants: { decisions: { isOurs: () => true } },
  },
  {
    law: 11,
    bug: "the lease counts from the moment at which the message arrived, and generously",
    plants: {
      decisions: {
        isOurs: (held: Held, now, marginMs) => isOurs(held, now - 10_000, marginMs),
      },
    },
  },
  {
    law: 12,
    bug: "whatever others hold counts as done",
    plants: source((real) => ({
      async state() {
        const state = await real.state();
        return "end" in state ? state : { ...state, ackPending: 0 };
      },
    })),
  },
  {
    law: 12,
    bug: "a consumer that is paused looks empty",
    plants: source((real) => ({
      async state() {
        const state = await real.state();
        return "end" in state ? state : { ...state, paused: false, pending: 0, ackPending: 0 };
      },
    })),
  },
];

const accepted: Outcome = { kind: "accepted", receipt: "made up" };

let made = 0;

function reading(change: (outcome: Outcome) => Outcome): Plants {
  return { read: (entries, answer) => outcomesOf(entries, answer).map(change) };
}

/** The real source with some of its methods replaced. */
function source(change: (real: Source) => Partial<Source>): Plants {
  return {
    source: (real) => ({
      state: () => real.state(),
      pull: (request) => real.pull(request),
      extend: (held) => real.extend(held),
      settle: (verdicts) => real.settle(verdicts),
      arrived: () => real.arrived(),
      stopReceiving: () => real.stopReceiving(),
      close: () => real.close(),
      ...change(real),
    }),
  };
}

function preparing(change: (entry: SqsEntry) => SqsEntry): Plants {
  return {
    sink: (real): Sink<SqsEntry> => ({
      ...real,
      prepare: (message) => {
        const entry = real.prepare(message);
        return "rejected" in entry || entry.deduplication === undefined ? entry : change(entry);
      },
    }),
  };
}

function confirmation(subject: string): WireMessage {
  return {
    subject,
    reply: "",
    status: 0,
    description: "",
    headers: new Map(),
    data: new Uint8Array(),
  };
}

function withAttribute(entry: SqsEntry, name: string, value: string): SqsEntry {
  return { ...entry, attributes: new Map([...entry.attributes, [name, value]]) };
}
