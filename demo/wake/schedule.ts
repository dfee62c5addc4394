// A clock that ticks as EventBridge Scheduler does.
import { randomUUID } from "node:crypto";

export class Schedule {
  readonly #timer: NodeJS.Timeout;
  #interval: NodeJS.Timeout | undefined;

  constructor(firstMs: number, everyMs: number, tick: (event: unknown) => void) {
    this.#timer = setTimeout(() => {
      tick(tickEvent());
      this.#interval = setInterval(() => tick(tickEvent()), everyMs);
    }, firstMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#interval);
  }
}

/** What it sends to a function where nothing else was asked for; `detail` is a text. */
function tickEvent(): unknown {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.scheduler",
    account: "123456789012",
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    region: "us-east-1",
    resources: ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/wake-orders"],
    detail: "{}",
  };
}
