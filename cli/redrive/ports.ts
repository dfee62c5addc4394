/** What the redrive loop may touch. */
import type { Content, DeadLetter, Unreadable } from "./dead-letter.ts";

/** Something in the store: a letter, or what cannot be read as one. */
export interface Found {
  /** What the store knows it by. */
  readonly key: string;
  readonly letter: DeadLetter | Unreadable;
}

/** Where dead letters are. Rejects when it does not work. */
export interface Store {
  /** For people. */
  readonly name: string;
  /** All of them, some at a time, until `isOver` says that no more are wanted. */
  batches(isOver: () => boolean): AsyncIterable<readonly Found[]>;
  content(found: Found): Promise<Content | Unreadable>;
  /** By position: undefined when it is gone, else why not. */
  remove(found: readonly Found[]): Promise<readonly (string | undefined)[]>;
  /** Gives back what is not removed, and ends. */
  close(): Promise<void>;
  /** There is more than can be kept invisible at once. */
  readonly isFull: boolean;
}

export interface Item {
  readonly letter: DeadLetter;
  readonly content: Content;
}

export type Sent =
  /** Stored anew. */
  | { readonly kind: "stored"; readonly where: string; readonly leftOut: readonly string[] }
  /** It will not be taken as it is. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Not known to be stored. */
  | { readonly kind: "failed"; readonly reason: string };

export interface Sending {
  /** By position. */
  readonly sent: readonly Sent[];
  /** Why there is no use in going on. */
  readonly stop?: string;
}

/** Where they go. */
export interface Sender {
  /** Most items of one `send`, and so the most that are under way when it is interrupted. */
  readonly atOnce: number;
  send(items: readonly Item[]): Promise<Sending>;
  close(): Promise<void>;
}

/** What an operator sees. */
export interface Say {
  wouldSend(letter: DeadLetter): void;
  sent(letter: DeadLetter, where: string, leftOut: readonly string[]): void;
  problem(kind: "refused" | "failed", what: string, reason: string): void;
  progress(counts: Readonly<Record<string, number>>): void;
}
