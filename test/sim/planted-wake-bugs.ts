/** Bugs round what wakes a handler, planted beside the product: the simulator has to find every one. */
import type { BatchResponse } from "../../functions/bridge/wake/event.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { whole } from "./planted-handler-bugs.ts";
import type { Plants, Woken } from "./plants.ts";

/** As Lambda hands it over; a tick has none. */
interface RingRecord {
  readonly messageId: string;
  readonly attributes: { readonly SentTimestamp: string };
}

/** `wake`: what the product makes of it. */
type Answer = (
  rings: readonly RingRecord[],
  wake: () => ReturnType<Woken["wake"]>,
) => ReturnType<Woken["wake"]>;

const NONE_FAILED: BatchResponse = { batchItemFailures: [] };

/** So long after another a ring is taken for its double. */
const DOUBLED_MS = 5000;

export const PLANTED_WAKE_BUGS: readonly PlantedBug[] = [
  {
    law: 12,
    bug: "after an idle run every ring is skipped, whatever its age",
    plants: { wake: (ports) => ({ ...ports, now: () => Number.MAX_SAFE_INTEGER }) },
  },
  {
    law: 12,
    bug: "the clocks of two machines are taken for one",
    plants: { wake: (ports) => ({ ...ports, now: () => ports.now() + 10_000 }) },
  },
  {
    law: 12,
    bug: "a ring is answered without a look",
    plants: {
      wake: (ports) => {
        let wakes = 0;
        const { bridge } = ports;
        const last: Awaited<ReturnType<typeof bridge.attempt>>[] = [];
        return {
          ...ports,
          bridge: {
            ...bridge,
            async attempt(until) {
              const [before] = last;
              if (before?.stop === "idle" && ++wakes % 2 === 0) return before;
              last[0] = await bridge.attempt(until);
              return last[0];
            },
          },
        };
      },
    },
  },
  {
    law: 12,
    bug: "nobody goes on with a backlog",
    plants: { wake: (ports) => ({ ...ports, ringAgain: undefined }) },
  },
  {
    law: 12,
    bug: "rings are answered as done although their drain has failed",
    plants: answering(() => async (rings, wake) => {
      const answer = await wake();
      return rings.length > 0 ? NONE_FAILED : answer;
    }),
  },
  {
    law: 12,
    bug: "rings come again although their drain has ended well",
    plants: answering(() => async (rings, wake) => {
      const answer = await wake();
      const batchItemFailures = rings.map(({ messageId }) => ({ itemIdentifier: messageId }));
      return rings.length > 0 ? { batchItemFailures } : answer;
    }),
  },
  {
    law: 12,
    bug: "a ring that comes back after a failed run counts as done",
    plants: answering(comingBack),
  },
  {
    law: 12,
    bug: "a ring soon after another is taken for its double",
    plants: answering(doubled),
  },
  {
    law: 12,
    bug: "a wake handles a message for each ring, as if none were lost",
    plants: oneForEachRing(),
  },
  {
    law: 12,
    bug: "it rings for itself although nothing is left",
    plants: {
      wake: (ports) => ({
        ...ports,
        bridge: {
          ...ports.bridge,
          async attempt(until) {
            const receipt = await ports.bridge.attempt(until);
            if (receipt.stop === "idle") await ports.ringAgain?.(1).catch(() => undefined);
            return receipt;
          },
        },
      }),
    },
  },
];

function comingBack(): Answer {
  const failed = new Set<string>();
  return async (rings, wake) => {
    if (rings.length > 0 && rings.every(({ messageId }) => failed.has(messageId)))
      return NONE_FAILED;
    const answer = await wake();
    for (const { itemIdentifier } of (answer as BatchResponse).batchItemFailures ?? [])
      failed.add(itemIdentifier);
    return answer;
  };
}

function doubled(): Answer {
  let before = Number.NEGATIVE_INFINITY;
  return async (rings, wake) => {
    const sentAt = Math.max(...rings.map(({ attributes }) => Number(attributes.SentTimestamp)));
    if (rings.length > 0 && sentAt < before + DOUBLED_MS) return NONE_FAILED;
    const answer = await wake();
    before = Math.max(before, sentAt);
    return answer;
  };
}

/** The others are left to their own rings. */
function oneForEachRing(): Plants {
  let left = 0;
  let isEnough = new AbortController();
  return {
    ...answering(() => (rings, wake) => {
      left = rings.length > 0 ? rings.length : Number.POSITIVE_INFINITY;
      isEnough = new AbortController();
      return wake();
    }),
    wake: (ports) => ({
      ...ports,
      ringAgain: undefined,
      bridge: {
        ...ports.bridge,
        attempt: (until) => ports.bridge.attempt({ ...until, signal: isEnough.signal }),
      },
    }),
    handlerSink: (make) => {
      const real = make();
      return {
        ...whole(real),
        async deliver(batch, signal) {
          const delivery = await real.deliver(batch, signal);
          left -= batch.length;
          if (left <= 0) isEnough.abort("enough");
          return delivery;
        },
      };
    },
  };
}

/** `make`: for each process, what Lambda is answered. */
function answering(make: () => Answer): Plants {
  return {
    waker: (real) => {
      const answer = make();
      return {
        wake: (event, ...rest) => {
          const { Records = [] } = event as { readonly Records?: readonly RingRecord[] };
          return answer(Records, () => real.wake(event, ...rest));
        },
      };
    },
  };
}
