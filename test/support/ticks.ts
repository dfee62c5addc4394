// What a schedule sends to the function that it wakes.

/** Of EventBridge Scheduler, for a schedule without an input of its own. */
export const SCHEDULER_TICK = {
  version: "0",
  id: "d32c5eb5-9f53-4d5c-a1a0-3b9c1d1f3f4e",
  "detail-type": "Scheduled Event",
  source: "aws.scheduler",
  account: "123456789012",
  time: "2026-11-21T16:53:06Z",
  region: "us-east-1",
  resources: ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/wake"],
  detail: "{}",
};

/** Of a rule with a schedule. */
export const RULE_TICK = {
  ...SCHEDULER_TICK,
  source: "aws.events",
  resources: ["arn:aws:events:us-east-1:123456789012:rule/wake"],
  detail: {},
};
