/** What a doorbell may ask for. */

/** From where a replay starts: the first message with this sequence or later, or stored at this time or later. */
export type ReplayStart =
  | { readonly startSequence: number }
  /** RFC 3339. */
  | { readonly startTime: string };

export type Command =
  /** Something is there: drain. Many rings are one drain. */
  | { readonly kind: "ring" }
  /** Handle again what the stream still has, from there to its present end. */
  | ({ readonly kind: "replay" } & ReplayStart);

/** What this bridge may serve. */
export interface Served {
  readonly stream: string;
  readonly consumer: string;
}
