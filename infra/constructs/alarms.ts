import type { Duration } from "aws-cdk-lib";
import { Alarm, type IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { type AlarmDefinition, type AlarmedBridge, alarmDefinitions } from "./alarm-definitions.ts";
import { refuse } from "./refuse.ts";
import { type Known, unknownProblems } from "./unknown-props.ts";

export interface AlarmOptions {
  /**
   * Whether there are any. Each is billed by CloudWatch.
   *
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * What happens when one goes off, and when it is over, such as `new SnsAction(topic)`.
   *
   * @default - none: the alarms only show
   */
  readonly actions?: IAlarmAction[];
  /**
   * Alarm when messages are older than this as they are acknowledged, three periods long; at once where nobody knows when
   * the next run comes: by cron, once, or by rings alone.
   *
   * @default - 5 minutes, and twice the interval of the schedule
   */
  readonly maxForwardLag?: Duration;
  /**
   * Alarm when less is left of the stream's limits (age, size, number) before it drops unforwarded messages. In percent, 0 to
   * 100.
   *
   * @default 20
   */
  readonly minRetentionHeadroom?: number;
}

const KNOWN: Known<AlarmOptions> = {
  enabled: true,
  actions: true,
  maxForwardLag: true,
  minRetentionHeadroom: true,
};

/** Alarms on a bridge. Each says what has happened, and what to do about it. */
export function bridgeAlarms(
  scope: Construct,
  bridge: AlarmedBridge,
  options: AlarmOptions,
): Alarm[] {
  refuse(scope, alarmProblems(options));
  if (options.enabled === false) return [];
  return alarmDefinitions(bridge, options).map((one) => alarm(scope, one, options.actions ?? []));
}

function alarm(
  scope: Construct,
  { id, ...props }: AlarmDefinition,
  actions: readonly IAlarmAction[],
): Alarm {
  const made = new Alarm(scope, `${id}Alarm`, props);
  made.addAlarmAction(...actions);
  made.addOkAction(...actions);
  return made;
}

function alarmProblems(options: AlarmOptions): readonly string[] {
  const found = [...unknownProblems(options, KNOWN, "alarms")];
  if (options.maxForwardLag?.isUnresolved()) {
    found.push(
      "maxForwardLag: given a value to alarms that is known only while deploying, expected one that is known before: CloudWatch counts in other units",
    );
  }
  return found;
}
