/** Bugs round a user's handler, planted beside the product: the simulator has to find every one. */
import type { Delivery, Outcome } from "../../functions/bridge/core/outcome.ts";
import { pack } from "../../functions/bridge/core/packing.ts";
import type { Noted } from "../../functions/bridge/run/journal.ts";
import type { HandlerSink } from "../../functions/bridge/sinks/handler/sink.ts";
import { outcomeOf, type Handled } from "../../functions/bridge/sinks/handler/verdict.ts";
import type { Plants } from "./plants.ts";
import type { PlantedBug } from "./planted-bugs.ts";

const accepted: Outcome = { kind: "accepted", receipt: "made up" };

export const PLANTED_HANDLER_BUGS: readonly PlantedBug[] = [
  {
    law: 10,
    bug: "a handler's retry counts as an ack",
    plants: verdicts("retry", () => accepted),
  },
  {
    law: 10,
    bug: "a handler's reject counts as a retry, for ever",
    plants: verdicts("rejected", ({ reason = "" }) => ({ kind: "postponed", reason })),
  },
  {
    law: 10,
    bug: "a throw of a handler is an ack",
    plants: verdicts("failed", ({ reason = "" }) =>
      reason.includes("threw") ? accepted : { kind: "failed", reason },
    ),
  },
  {
    law: 10,
    bug: "whatever a handler returns is an ack",
    plants: verdicts("failed", ({ reason = "" }) =>
      reason.includes("returned") ? accepted : { kind: "failed", reason },
    ),
  },
  {
    law: 10,
    bug: "the delay for which a handler asks is ignored",
    plants: verdicts("retry", () => ({ kind: "postponed", reason: "later" })),
  },
  {
    law: 3,
    bug: "what is rejected by a throw takes its whole batch with it",
    plants: verdicts("unclear", ({ reason = "" }) =>
      reason.startsWith("interrupted") ? { kind: "rejected", reason } : { kind: "unknown", reason },
    ),
  },
  {
    law: 2,
    bug: "a handler that has not ended when its time is up counts as done",
    plants: delivering((delivery) => ({
      ...delivery,
      outcomes: delivery.outcomes.map((one) =>
        one.kind === "failed" && one.overran ? accepted : one,
      ),
    })),
  },
  {
    law: 4,
    bug: "a message that has failed in company is tried in company again",
    plants: { decisions: { pack: (items, limits, sizeOf) => pack(items, limits, sizeOf) } },
  },
  {
    law: 11,
    bug: "the process lives on beside a handler that has outlived its run",
    plants: handlers((real) => ({ ...whole(real), zombies: 0 })),
  },
  {
    law: 11,
    bug: "a message is handled again while its handler goes on",
    plants: {
      handlerSink: (make) => {
        const made = [make()];
        const [first] = made as [HandlerSink];
        return {
          ...whole(first),
          deliver: (batch, signal) => {
            const another = make();
            made.push(another);
            return another.deliver(batch, signal);
          },
          get zombies() {
            return made.reduce((sum, { zombies }) => sum + zombies, 0);
          },
        };
      },
    },
  },
  {
    law: 2,
    bug: "an ack does not wait for what was published",
    plants: {
      publishTo: (real) => (subject, data, id) => {
        real(subject, data, id).catch(() => undefined);
        return Promise.resolve({ stream: "OUTPUT", sequence: 0, duplicate: false });
      },
    },
  },
  {
    law: 9,
    bug: "what is published has another id with each try",
    plants: {
      publishTo: (real) => {
        let tries = 0;
        return (subject, data, id) => real(subject, data, `${id}/${++tries}`);
      },
    },
  },
  {
    law: 3,
    bug: "the delivery count alone buries a message",
    plants: handlers((real) => ({
      ...whole(real),
      prepare: (message) =>
        message.deliveryCount > 5 ? { rejected: "delivered too often" } : real.prepare(message),
    })),
  },
  {
    law: 3,
    bug: "whoever has failed is to blame for the end of a process, too",
    plants: {
      journal: (real) => ({
        read: () => real.read().map((noted) => blamed(noted, true)),
        write: (noted) => real.write(noted),
      }),
    },
  },
  {
    law: 3,
    bug: "a message is to blame for whatever comes after its trial",
    plants: {
      journal: (real) => {
        let onTrial: number | undefined;
        return {
          read: () => real.read(),
          write: (noted) => {
            onTrial = noted.find(({ isOnTrial }) => isOnTrial)?.sequence ?? onTrial;
            real.write(noted.map((one) => blamed(one, one.sequence === onTrial)));
          },
        };
      },
    },
  },
  {
    law: 3,
    bug: "a publish whose outcome is unclear counts as the message's own failure",
    plants: {
      readVerdict: (verdict, id) =>
        outcomeOf(verdict.kind === "unclear" ? { ...verdict, kind: "failed" } : verdict, id),
    },
  },
  {
    law: 3,
    bug: "a handler that ends because its ack wait is over has failed",
    plants: delivering((delivery, signal) => ({
      ...delivery,
      outcomes: delivery.outcomes.map((one) =>
        one.kind === "unknown" && signal.reason === "lapsed" ? { ...one, kind: "failed" } : one,
      ),
    })),
  },
];

function blamed(noted: Noted, isOnTrial: boolean): Noted {
  return { ...noted, isOnTrial };
}

/** What the loop makes of verdicts of one kind. */
function verdicts(
  kind: Handled["kind"],
  change: (verdict: Handled & { readonly reason?: string }) => Outcome,
): Plants {
  return {
    readVerdict: (verdict, id) =>
      verdict.kind === kind ? change(verdict) : outcomeOf(verdict, id),
  };
}

function handlers(change: (real: HandlerSink) => HandlerSink): Plants {
  return { handlerSink: (make) => change(make()) };
}

function delivering(
  change: (
    delivery: Extract<Delivery, { readonly kind: "answered" }>,
    signal: AbortSignal,
  ) => Delivery,
): Plants {
  return handlers((real) => ({
    ...whole(real),
    async deliver(batch, signal) {
      const delivery = await real.deliver(batch, signal);
      return delivery.kind === "answered" ? change(delivery, signal) : delivery;
    },
  }));
}

/** Its methods, and its zombies as they are at any time. */
export function whole(real: HandlerSink): HandlerSink {
  return Object.defineProperty({ ...real }, "zombies", {
    get: () => real.zombies,
    enumerable: false,
  });
}
