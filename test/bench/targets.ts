// The targets of the bench: what the service is told, and the floor that it stands on with each.

export type TargetName = "sqs" | "eventbridge" | "lambda";

export interface Floor {
  readonly name: string;
  readonly file: string;
  /** Behind the number of calls at once. */
  readonly args: readonly string[];
}

export interface Target {
  readonly settings: Readonly<Record<string, string>>;
  readonly floors: readonly Floor[];
}

const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/bench";
const BUS = "bench";
const FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench";

export const TARGETS: Readonly<Record<TargetName, Target>> = {
  sqs: {
    settings: { SQS_QUEUE_URL: QUEUE_URL },
    floors: [
      {
        name: "SDK's SendMessageBatch alone, 2 attributes",
        file: "sqs-floor.ts",
        args: [QUEUE_URL, "2"],
      },
      {
        name: "SDK's SendMessageBatch alone, the service's 4 attributes",
        file: "sqs-floor.ts",
        args: [QUEUE_URL, "4"],
      },
    ],
  },
  eventbridge: {
    settings: { EVENT_BUS_NAME: BUS },
    floors: [{ name: "SDK's PutEvents alone", file: "eventbridge-floor.ts", args: [BUS] }],
  },
  lambda: {
    settings: { FUNCTION_ARN },
    floors: [{ name: "SDK's Invoke alone", file: "lambda-floor.ts", args: [FUNCTION_ARN] }],
  },
};

/** Undefined when there is none of this name. */
export function targetNames(given: string): readonly TargetName[] | undefined {
  const all = Object.keys(TARGETS) as TargetName[];
  if (given === "all") return all;
  const name = all.find((one) => one === given);
  return name && [name];
}
