/** A secret that is read when it is needed, kept for a while, and read again when there is a reason. */
import { isExpired, isStale, type Known, renewalAt } from "./freshness.ts";

export interface CachedSecretPorts<T> {
  /** The secret as it is now. Rejects when it cannot be had. */
  readonly fetch: () => Promise<string>;
  /** What its text says. Throws when that makes no sense. */
  readonly read: (text: string) => T;
  /** Until when, in milliseconds since 1970; undefined: for ever. */
  readonly expiryOf: (value: T) => number | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told once until it can be read again: it goes on with what was read before. */
  readonly notRead: (reason: string) => void;
}

interface Kept<T> extends Known {
  readonly text: string;
  readonly value: T;
}

export class CachedSecret<T> {
  readonly #ports: CachedSecretPorts<T>;
  #kept: Kept<T> | undefined;
  #fetching: Promise<T> | undefined;
  #isDistrusted = false;
  #isTold = false;

  constructor(ports: CachedSecretPorts<T>) {
    this.#ports = ports;
  }

  /** The last that was read. The same object as long as the secret is the same. */
  get latest(): T | undefined {
    return this.#kept?.value;
  }

  /** Until when the latest can be used, milliseconds since 1970; undefined: for ever. */
  get expiresAt(): number | undefined {
    return this.#kept?.expiresAt;
  }

  /** When it is worth reading again although it can be used; undefined: not before it is needed. */
  get renewalAt(): number | undefined {
    return this.#kept && renewalAt(this.#kept);
  }

  /** The one to use now. Rejects when none can be had that has not expired. */
  async current(): Promise<T> {
    const kept = this.#kept;
    const isFresh = kept && !this.#isDistrusted && !isStale(kept, this.#ports.now());
    if (isFresh) return kept.value;
    try {
      return await this.readAgain();
    } catch (error) {
      if (!kept || isExpired(kept, this.#ports.now())) throw error;
      this.#tell(error);
      return kept.value;
    }
  }

  /** Another one than `value`, if there is one by now; undefined: there is none, or it cannot be read. */
  async insteadOf(value: T): Promise<T | undefined> {
    try {
      const read = await this.readAgain();
      return read === value ? undefined : read;
    } catch (error) {
      this.#tell(error);
      return undefined;
    }
  }

  /** The latest has shown that it is not good any more: it is read again before it is used once more. */
  distrust(value: T): void {
    if (value === this.#kept?.value) this.#isDistrusted = true;
  }

  /** It would be read again before it is used once more: revoked, or expired. */
  get isDoubtful(): boolean {
    const kept = this.#kept;
    return this.#isDistrusted || (kept !== undefined && isExpired(kept, this.#ports.now()));
  }

  /** Reads it now, once for all who ask meanwhile. */
  readAgain(): Promise<T> {
    this.#fetching ??= this.#read().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #read(): Promise<T> {
    const { expiryOf, fetch, now, read } = this.#ports;
    const at = now();
    if (this.#kept) this.#kept = { ...this.#kept, triedAt: at };
    const text = await fetch();
    const value = text === this.#kept?.text ? this.#kept.value : read(text);
    this.#kept = { text, value, readAt: at, triedAt: at, expiresAt: expiryOf(value) };
    this.#isDistrusted = false;
    this.#isTold = false;
    return value;
  }

  #tell(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#ports.notRead((error as Error).message);
  }
}
