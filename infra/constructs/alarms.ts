import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { OPERATOR_COMMAND } from "../../functions/bridge/observe/operator-command.ts";

export interface AlarmOptions {
  /**
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
   * A message that was acknowledged was at most so old.
   *
   * @default - 5 minutes, and twice the interval of the schedule
   */
  readonly maxForwardLag?: Duration;
  /**
   * Percent of the stream's limits (age, size, number) that must be left before unforwarded messages are dropped.
   *
   * @default 20
   */
  readonly minRetentionHeadroom?: number;
}

/** The metrics that alarms look at. */
interface AlarmedMetrics {
  forwardLag(period: Duration): IMetric;
  expired(period: Duration): IMetric;
  retentionHeadroom(period: Duration): IMetric;
  ready(period: Duration): IMetric;
  runs(period: Duration): IMetric;
  deadLettered(period: Duration): IMetric;
  unaccounted(period: Duration): IMetric;
}

interface AlarmsProps {
  readonly name: string;
  readonly metrics: AlarmedMetrics;
  /** Between two ticks; undefined where that cannot be told. */
  readonly intervalSeconds: number | undefined;
  readonly options: AlarmOptions;
}

const USUAL_PERIOD_SECONDS = 300;

/** CloudWatch looks back a day at most, "CreateAlarm". */
const MOST_SECONDS = 86_400;

/** Alarms on a bridge. Each says what has happened, and what to do about it. */
export function bridgeAlarms(scope: Construct, props: AlarmsProps): Alarm[] {
  const { intervalSeconds, metrics, name, options } = props;
  if (options.enabled === false) return [];
  const period = periodOf(intervalSeconds);
  const alarms: (AlarmProps & { readonly id: string })[] = [
    expiredAlarm(name, metrics.expired(period)),
    headroomAlarm(name, metrics.retentionHeadroom(period), options),
    lagAlarm(name, metrics.forwardLag(period), intervalSeconds, options),
    readyAlarm(name, metrics.ready(period)),
    deadLetterAlarm(name, metrics.deadLettered(period)),
    unaccountedAlarm(name, metrics.unaccounted(period)),
    ...silenceAlarm(name, metrics, intervalSeconds),
  ];
  return alarms.map(({ id, ...alarmProps }) => alarm(scope, id, alarmProps, options.actions ?? []));
}

function alarm(scope: Construct, id: string, props: AlarmProps, actions: IAlarmAction[]): Alarm {
  const made = new Alarm(scope, id, props);
  for (const action of actions) {
    made.addAlarmAction(action);
    made.addOkAction(action);
  }
  return made;
}

/** One run or more in each period, in whole minutes. */
function periodOf(intervalSeconds: number | undefined): Duration {
  const seconds = Math.max(USUAL_PERIOD_SECONDS, intervalSeconds ?? 0);
  return Duration.minutes(Math.ceil(Math.min(seconds, MOST_SECONDS) / 60));
}

type Definition = AlarmProps & { readonly id: string };

function expiredAlarm(name: string, metric: IMetric): Definition {
  return {
    id: "Expired",
    alarmDescription: `${name}: messages left the stream before they were forwarded (age, size or number limit, or a purge). They are lost to this bridge. Raise the stream's limits, and see why the bridge was behind: its receipts say why its runs stopped.`,
    metric,
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function headroomAlarm(name: string, metric: IMetric, options: AlarmOptions): Definition {
  const threshold = options.minRetentionHeadroom ?? 20;
  return {
    id: "RetentionHeadroom",
    alarmDescription: `${name}: less than ${threshold} % of the stream's limits are left before it drops messages that were not forwarded. Raise its max_age, max_bytes or max_msgs now, then see why the bridge is behind.`,
    metric,
    threshold,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 2,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function lagAlarm(
  name: string,
  metric: IMetric,
  intervalSeconds: number | undefined,
  options: AlarmOptions,
): Definition {
  const most = options.maxForwardLag ?? Duration.seconds(300 + 2 * (intervalSeconds ?? 0));
  return {
    id: "ForwardLag",
    alarmDescription: `${name}: messages are older than ${most.toSeconds()} s when they are acknowledged. Either more comes than goes (raise concurrency, memory or the timeout), or the target is slow or failing: see the receipts and the target's own metrics.`,
    metric,
    threshold: most.toMilliseconds(),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 3,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function readyAlarm(name: string, metric: IMetric): Definition {
  return {
    id: "NotReady",
    alarmDescription: `${name}: runs end as blocked, unavailable, broken, overlap or gone. The last receipt in the log has the reason: NATS or the target is down or denied, the consumer was deleted, dead letters are missing, or somebody else pulls from an ordered consumer.`,
    metric,
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 3,
    datapointsToAlarm: 3,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function deadLetterAlarm(name: string, metric: IMetric): Definition {
  return {
    id: "DeadLettered",
    alarmDescription: `${name}: messages went to the dead letters, each with its reason in dead-letter-reason. Mend the cause, then take them back with: ${OPERATOR_COMMAND} redrive.`,
    metric,
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function unaccountedAlarm(name: string, metric: IMetric): Definition {
  return {
    id: "Unaccounted",
    alarmDescription: `${name}: a run's receipt does not add up, which is a fault of the bridge itself. No message is lost by that alone, since what is not settled is delivered again. Please report it with the receipt.`,
    metric,
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

/** Nobody has woken it: only where it is known how often somebody should, and within what CloudWatch looks back. */
function silenceAlarm(
  name: string,
  metrics: AlarmedMetrics,
  intervalSeconds: number | undefined,
): readonly Definition[] {
  const evaluationPeriods = 3;
  const period = periodOf(intervalSeconds);
  const isKnown = intervalSeconds !== undefined;
  if (!isKnown || period.toSeconds() * evaluationPeriods > MOST_SECONDS) return [];
  return [
    {
      id: "Silent",
      alarmDescription: `${name}: no run for ${(period.toMinutes() * evaluationPeriods).toString()} minutes, although it is woken more often. See whether its schedule is enabled, and whether the function is throttled or fails before it starts (its log).`,
      metric: metrics.runs(period),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods,
      treatMissingData: TreatMissingData.BREACHING,
    },
  ];
}
