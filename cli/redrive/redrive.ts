/** The loop: look at what is there, send what is meant, delete what is stored anew. */
import type { Clock } from "../../functions/bridge/core/ports.ts";
import { reasonOf } from "../../functions/bridge/sinks/failed-call.ts";
import { type Content, type DeadLetter, isUnreadable } from "./dead-letter.ts";
import { type Filter, matches, meansAll } from "./filter.ts";
import type { Found, Item, Say, Sender, Sent, Store } from "./ports.ts";
import { type Ending, type Receipt, Tally } from "./receipt.ts";

export interface RedrivePorts {
  readonly store: Store;
  /** Undefined: a dry run. */
  readonly sender: Sender | undefined;
  readonly say: Say;
  readonly clock: Clock;
  /** Aborted: end what is under way, and no more. */
  readonly signal: AbortSignal;
}

export interface Plan {
  readonly filter: Filter;
  readonly limit?: number;
  /** Messages per second. */
  readonly rate?: number;
}

interface Meant {
  readonly found: Found;
  readonly letter: DeadLetter;
}

export async function redrive(ports: RedrivePorts, plan: Plan): Promise<Receipt> {
  const run = new Run(ports, plan);
  const problem = await run.all().then(
    () => undefined,
    (error: unknown) => `${ports.store.name}: ${reasonOf(error)}`,
  );
  await ports.store.close();
  return run.receipt(problem);
}

class Run {
  readonly #ports: RedrivePorts;
  readonly #plan: Plan;
  readonly #tally = new Tally();
  #tried = 0;
  #stop: string | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(ports: RedrivePorts, plan: Plan) {
    this.#ports = ports;
    this.#plan = plan;
  }

  async all(): Promise<void> {
    for await (const batch of this.#ports.store.batches(() => this.#isOver())) {
      const meant = this.#meant(batch);
      const size = this.#groupSize();
      for (let at = 0; at < meant.length; at += size) {
        await this.#handle(meant.slice(at, at + size));
      }
      this.#ports.say.progress(this.#tally.counts);
    }
  }

  receipt(problem: string | undefined): Receipt {
    const reason = this.#stop ?? problem;
    return this.#tally.receipt(this.#ending(reason), reason);
  }

  #ending(reason: string | undefined): Ending {
    if (reason !== undefined) return "unavailable";
    if (this.#ports.signal.aborted) return "interrupted";
    if (this.#room() === 0) return "limit";
    return this.#ports.store.isFull ? "too-many" : "done";
  }

  #isOver(): boolean {
    return this.#ports.signal.aborted || this.#stop !== undefined || this.#room() === 0;
  }

  #room(): number {
    return (this.#plan.limit ?? Number.POSITIVE_INFINITY) - this.#tried;
  }

  #groupSize(): number {
    return this.#plan.rate === undefined ? (this.#ports.sender?.atOnce ?? 10) : 1;
  }

  #meant(batch: readonly Found[]): readonly Meant[] {
    const { filter } = this.#plan;
    const meant: Meant[] = [];
    for (const found of batch) {
      const { letter } = found;
      this.#tally.add("found");
      if (isUnreadable(letter)) {
        // Whether a filter means it cannot be told; without one, everything is meant.
        if (meansAll(filter)) this.#unreadable(found, letter.unreadable);
      } else if (matches(filter, letter)) {
        this.#tally.add("matched");
        meant.push({ found, letter });
      }
    }
    return meant;
  }

  async #handle(group: readonly Meant[]): Promise<void> {
    await this.#pace(group.length);
    const now = this.#isOver() ? [] : group.slice(0, Math.min(group.length, this.#room()));
    this.#tried += now.length;
    this.#tally.add("left", group.length - now.length);
    const { say, sender } = this.#ports;
    if (sender) return this.#send(sender, now);
    for (const { letter } of now) say.wouldSend(letter);
    this.#tally.add("left", now.length);
  }

  async #pace(count: number): Promise<void> {
    const { clock, signal } = this.#ports;
    const { rate } = this.#plan;
    if (rate === undefined || count === 0 || this.#isOver()) return;
    await clock.sleep(Math.max(0, this.#nextAt - clock.now()), signal);
    this.#nextAt = Math.max(this.#nextAt, clock.now()) + 1000 / rate;
  }

  async #send(sender: Sender, group: readonly Meant[]): Promise<void> {
    const contents = await Promise.all(group.map((meant) => this.#content(meant)));
    const readable = group.filter((_, at) => contents[at] !== undefined);
    const items = group.flatMap(({ letter }, at): Item[] => {
      const content = contents[at];
      return content ? [{ letter, content }] : [];
    });
    if (items.length === 0) return;
    const { sent, stop } = await sender.send(items);
    const stored: (Meant & Extract<Sent, { kind: "stored" }>)[] = [];
    for (const [at, meant] of readable.entries()) {
      const one = sent[at] ?? { kind: "failed", reason: "no answer" };
      if (one.kind === "stored") stored.push({ ...meant, ...one });
      else this.#problem(one.kind, meant.letter.id, one.reason);
    }
    await this.#remove(stored);
    this.#stop ??= stop;
  }

  async #content({ found, letter }: Meant): Promise<Content | undefined> {
    try {
      const content = await this.#ports.store.content(found);
      if (!isUnreadable(content)) return content;
      this.#problem("refused", letter.id, content.unreadable);
    } catch (error) {
      this.#problem("failed", letter.id, `cannot be read: ${reasonOf(error)}`);
    }
    return undefined;
  }

  async #remove(stored: readonly (Meant & Extract<Sent, { kind: "stored" }>)[]): Promise<void> {
    if (stored.length === 0) return;
    const problems = await this.#ports.store
      .remove(stored.map(({ found }) => found))
      .catch((error: unknown) => stored.map(() => reasonOf(error)));
    for (const [at, { leftOut, letter, where }] of stored.entries()) {
      const problem = problems[at];
      if (problem === undefined) {
        this.#tally.add("sent");
        this.#ports.say.sent(letter, where, leftOut);
      } else {
        this.#problem("failed", letter.id, `stored as ${where}, but not deleted here: ${problem}`);
      }
    }
  }

  #unreadable(found: Found, reason: string): void {
    this.#tally.add("matched");
    this.#problem("refused", found.key, `no dead letter of a bridge: ${reason}`);
  }

  #problem(kind: "refused" | "failed", what: string, reason: string): void {
    this.#tally.add(kind);
    this.#ports.say.problem(kind, what, reason);
  }
}
