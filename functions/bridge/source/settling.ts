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
  async oneByOne(session: Session | undefined, verdicts: readonly Verdict[]): Promise<Settled> {
    const confirmed: Verdict[] = [];
    const unconfirmed: Verdict[] = [];
    const now = this.#clock.now();
    const answers = verdicts.map(async (verdict) => {
      const mayBeSent = verdict.kind === "ack" || isOurs(verdict.held, now);
      const isConfirmed =
        session !== undefined &&
        mayBeSent &&
        (await this.#insist(session, verdict.held.token, payloadOf(verdict), notAfter(verdict)));
      (isConfirmed ? confirmed : unconfirmed).push(verdict);
    });
    await Promise.all(answers);
    return { confirmed, unconfirmed };
  }

  /** Sends the acks since the last call again, and forgets them. Returns how many. */
  async recentAgain(session: Session): Promise<number> {
    const recent = this.forgetRecent();
    await Promise.all(recent.map((token) => this.#insist(session, token, "+ACK")));
    return recent.length;
  }

  /** They are proven: the consumer had the same leader before and after. */
  forgetRecent(): readonly string[] {
    return this.#recentAcks.splice(0);
  }

  /** While a new leader is elected nobody takes an ack, and the server says so at once: it is asked again. */
  async #insist(
    session: Session,
    token: string,
    payload: string,
    notAfterMs: Ms = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    const until = Math.min(this.#clock.now() + this.#timeoutMs, notAfterMs);
    let pauseMs = 50;
    while (!(await this.#confirm(session, token, payload))) {
      if (session.ended || this.#clock.now() + pauseMs >= until) return false;
      await this.#clock.sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, 250);
    }
    return true;
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

/** Past its lease only an ack may still be sent. */
function notAfter({ held, kind }: Verdict): Ms {
  return kind === "ack" ? Number.POSITIVE_INFINITY : held.leaseUntil;
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
