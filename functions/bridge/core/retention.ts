/** How far the oldest message that is not forwarded is from being dropped by its stream. */
import type { ConsumerState, StreamState } from "./ports.ts";

/**
 * In percent. 100: nothing is in danger; 0: the oldest unforwarded message is the next to go. Of a stream that is full to
 * `f` (the nearest of its limits), and of whose messages the share `p` is settled by the consumer, it is
 * `100 × (1 - f × (1 - p))`. Undefined: not known, since STREAM.INFO is not allowed, or since age counts and the server
 * gives no time. With a filter it is a lower bound: what is none of the consumer's counts as unsettled.
 */
export function retentionHeadroom(state: ConsumerState): number | undefined {
  const { stream } = state;
  const fullness = stream && fullnessOf(stream, state.serverTime);
  if (fullness === undefined) return undefined;
  return 100 * (1 - fullness * (1 - settledShare(state, stream as StreamState)));
}

/** From 0 without limits to 1 at the nearest of them; undefined where age counts and the server gives no time. */
export function fullnessOf(
  stream: StreamState,
  serverTime: number | undefined,
): number | undefined {
  const { bytes, firstStoredAt, messages, most } = stream;
  if (most.ageMs !== undefined && serverTime === undefined) return undefined;
  const ageMs = firstStoredAt === undefined ? 0 : (serverTime ?? firstStoredAt) - firstStoredAt;
  return within01(
    Math.max(
      shareOf(bytes, most.bytes),
      shareOf(messages, most.messages),
      shareOf(ageMs, most.ageMs),
    ),
  );
}

function shareOf(value: number, most: number | undefined): number {
  return most === undefined ? 0 : value / most;
}

/** Of what the stream keeps, by sequence. */
function settledShare(state: ConsumerState, { first, last }: StreamState): number {
  const { ackFloor, ackPending, deliveredStreamSequence, pending } = state;
  if (last < first || (pending === 0 && ackPending === 0)) return 1;
  // Before 2.10 the ack floor of a consumer stays 0 until it has settled something, wherever it starts.
  const settled = ackPending === 0 ? Math.max(ackFloor, deliveredStreamSequence) : ackFloor;
  return within01((settled + 1 - first) / (last - first + 1));
}

function within01(share: number): number {
  return Math.min(1, Math.max(0, share));
}
