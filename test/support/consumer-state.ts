import type { ConsumerState } from "../../functions/bridge/core/ports.ts";

/** A consumer on which nothing has happened yet, but for what is given. */
export function consumerState(given: Partial<ConsumerState> = {}): ConsumerState {
  return {
    ackPending: 0,
    pending: 0,
    paused: false,
    deliveredConsumerSequence: 0,
    settledConsumerSequence: 0,
    deliveredStreamSequence: 0,
    ackFloor: 0,
    maxAckPending: 1000,
    ackWaitMs: 10_000,
    ...given,
  };
}
