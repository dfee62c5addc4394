import type { StoredMessage } from "./model-stream.ts";
import type { Receiver } from "./waiting-pulls.ts";

/** Told of everything that matters to somebody who judges the bridge. */
export interface Watcher {
  delivered(
    receiver: Receiver,
    message: StoredMessage,
    consumerSequence: number,
    token: string,
  ): void;
  extended(receiver: Receiver, message: StoredMessage): void;
  /** `message` undefined: it is not in the stream any more. */
  acked(receiver: Receiver, message: StoredMessage | undefined, token: string): void;
  /** It was told the consumer's state: so many are unsettled, and nothing is left to deliver. Undefined: something is. */
  informed(receiver: Receiver, unsettled: number | undefined): void;
}
