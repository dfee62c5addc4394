/** The id that makes a duplicate recognisable: the same on every delivery, different for every stored message. */
import type { Message } from "../core/ports.ts";

/**
 * `<origin>/<stream sequence>/<timestamp in ns>`. The sequence alone is not enough: it is used again after a lost tail
 * and in a re-created stream. A mirror keeps sequence and time, so with its primary's origin it gives the same id.
 */
export function messageId(origin: string, message: Message): string {
  return `${origin}/${message.streamSequence}/${message.timestampNanos}`;
}
