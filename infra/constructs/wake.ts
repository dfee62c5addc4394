import { Token } from "aws-cdk-lib";
import type { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { type Known, unknownProblems } from "./unknown-props.ts";

export interface DoorbellOptions {
  /**
   * Ring again when time runs out with messages left, those of a replay included, at most ten times in a row: AWS stops a
   * chain of a function that wakes itself after 16.
   *
   * @default false - the next wake goes on; with a replay, when its message is delivered again
   */
  readonly ringAgain?: boolean;
}

/** When a bridge is awake. */
export class Wake {
  /** A tick each minute starts a run of 55 seconds; in a container, one run that does not end. */
  static always(): Wake {
    return new Wake({ always: true });
  }

  /**
   * On a schedule of EventBridge Scheduler: at a rate of whole minutes, by cron with a time zone, or once.
   *
   * A tick that is late or lost is not repeated: the next one finds everything.
   */
  static schedule(schedule: ScheduleExpression): Wake {
    return new Wake({ schedule });
  }

  /**
   * By messages of a queue. A ring may be empty; see `docs/doorbell.schema.json` for what else it may say.
   *
   * A doorbell alone has nobody who comes back for what failed or was put off, for a message whose ring was lost, or for
   * what was published under `paused`: put a schedule beside it, however seldom.
   *
   * @param queue yours; its visibility timeout must cover the function's timeout. By default a new FIFO queue; what is
   * sent to one message group of it is served one after the other, so give commands another group than rings.
   */
  static doorbell(queue?: IQueue, options: DoorbellOptions = {}): Wake {
    return new Wake({ doorbell: { ...options, queue } });
  }

  readonly parts: WakeParts;

  private constructor(parts: WakeParts) {
    this.parts = parts;
  }

  /** By messages of a queue besides. */
  orDoorbell(queue?: IQueue, options: DoorbellOptions = {}): Wake {
    if (!this.parts.schedule || this.parts.doorbell) {
      throw new Error(
        "orDoorbell: given beside something else, expected it once, after Wake.schedule(…)",
      );
    }
    return new Wake({ ...this.parts, doorbell: { ...options, queue } });
  }
}

export interface WakeParts {
  readonly always?: true;
  readonly schedule?: ScheduleExpression;
  readonly doorbell?: DoorbellOptions & { readonly queue: IQueue | undefined };
}

const DOORBELL_OPTIONS: Known<DoorbellOptions & { readonly queue: IQueue }> = {
  queue: true,
  ringAgain: true,
};

const EXPRESSION = /^(rate|cron|at)\(.+\)$/;

/** What does not fit in itself: one line each. */
export function wakeProblems({ doorbell, schedule }: WakeParts): readonly string[] {
  const found = [...unknownProblems(doorbell ?? {}, DOORBELL_OPTIONS, "a doorbell")];
  const text = schedule?.expressionString ?? "";
  if (schedule && !Token.isUnresolved(text) && !EXPRESSION.test(text)) {
    found.push(
      `wake: given ${JSON.stringify(text)}, expected rate(5 minutes), cron(0 6 * * ? *) or at(2027-01-01T06:00:00), best made by ScheduleExpression.rate, .cron or .at`,
    );
  }
  return found;
}

const RATE = /^rate\((\d+) (second|minute|hour|day)s?\)$/;
const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const;

/** Seconds between two ticks; undefined where that cannot be told: a doorbell, cron, once, or not known yet. */
export function intervalSeconds({ always, schedule }: WakeParts): number | undefined {
  if (always) return 60;
  const [, count, unit] = RATE.exec(schedule?.expressionString ?? "") ?? [];
  return unit === undefined ? undefined : Number(count) * SECONDS[unit as keyof typeof SECONDS];
}
