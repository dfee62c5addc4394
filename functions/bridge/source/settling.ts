/**
 * Verdicts on the wire, and what is known of them. One confirmation for a batch, in the same write as its acks, tried
 * once; when it does not come, everything is sent again with a reply each: a late answer to the last alone would prove
 * nothing about the others.
 */
import { isOurs } from "../core/lease.ts";
import type { Clock, Ms, Settled } from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import type { Session } from "./session.ts";

/** More acks than this since the last look at the consumer are not remembered for being sent again. */
const MOST_RECENT = 10_000;

const NANOS_PER_MS = 1_000_000;

/** Whether consumer and stream are still those that the messages came from, as known since `since`. */
export type Prove = (since: Ms) => Promise<"same" | "other" | "unknown">;

export class Settling {
  readonly #clock: Clock;
  readonly #timeoutMs: Ms;
  /** Acks that were confirmed, and that a change of leader or a crash of the server may have undone since. */
  #recentAcks: string[] = [];

  constructor(clock: Clock, timeoutMs: Ms) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** One write, one answer: true when it came. */
  async atOnce(session: Session, verdicts: readonly Verdict[]): Promise<boolean> {
    const [last, ...others] = verdicts.toReversed();
    if (!last) return true;
    for (const verdict of others.toReversed())
      session.publish(verdict.held.token, payloadOf(verdict));
    const isConfirmed = await this.#confirm(session, last.held.token, payloadOf(last));
    if (isConfirmed) this.#remember(verdicts);
    return isConfirmed;
  }

  /** Each with a reply of its own. Past its lease only an ack may still be sent. */
  async oneByOne(
    session: Session | undefined,
    verdicts: readonly Verdict[],
    prove: Prove,
  ): Promise<Settled> {
    const confirmed: Verdict[] = [];
    const unconfirmed: Verdict[] = [];
    const answers = verdicts.map(async (verdict) => {
      const isConfirmed = session !== undefined && (await this.#insist(session, verdict, prove));
      (isConfirmed ? confirmed : unconfirmed).push(verdict);
    });
    await Promise.all(answers);
    return { confirmed, unconfirmed };
  }

  /** Sends the acks since the last call again, and forgets them. Returns how many. */
  async recentAgain(session: Session): Promise<number> {
    const recent = this.forgetRecent();
    await Promise.all(recent.map((token) => this.#confirm(session, token, "+ACK")));
    return recent.length;
  }

  /** They are proven: the consumer had the same leader before and after. */
  forgetRecent(): readonly string[] {
    return this.#recentAcks.splice(0);
  }

  /**
   * While a new leader is elected nobody takes an ack, and the server says so at once: it is asked again. It says the
   * same of a consumer that is gone, and may be made anew: so no try without a proof from after the one that failed.
   */
  async #insist(session: Session, verdict: Verdict, prove: Prove): Promise<boolean> {
    const { held, kind } = verdict;
    const until = this.#clock.now() + this.#timeoutMs;
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const proof = await prove(this.#clock.now());
      if (proof === "other" || (kind !== "ack" && !isOurs(held, this.#clock.now()))) return false;
      const isSame = proof === "same";
      if (isSame && (await this.#confirm(session, held.token, payloadOf(verdict)))) return true;
      if (session.ended || this.#clock.now() + pauseMs >= until) return false;
      await this.#clock.sleep(pauseMs);
    }
  }

  async #confirm(session: Session, token: string, payload: string): Promise<boolean> {
    try {
      return (await session.request(token, payload, this.#timeoutMs)).status === 0;
    } catch {
      return false;
    }
  }

  #remember(verdicts: readonly Verdict[]): void {
    if (this.#recentAcks.length > MOST_RECENT) this.#recentAcks = [];
    for (const verdict of verdicts) {
      if (verdict.kind === "ack") this.#recentAcks.push(verdict.held.token);
    }
  }
}

function payloadOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "ack":
      return "+ACK";
    case "release":
      return "-NAK";
    case "retry":
      return `-NAK ${JSON.stringify({ delay: Math.round(verdict.delayMs * NANOS_PER_MS) })}`;
  }
}
