// What there is to be alarmed about: when, and what the person who is woken is told.
import { Duration } from "aws-cdk-lib";
import {
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { OPERATOR_COMMAND } from "../../functions/bridge/observe/operator-command.ts";
import type { AlarmOptions } from "./alarms.ts";

/** The metrics that alarms look at. */
interface AlarmedMetrics {
  forwardLag(period: Duration): IMetric;
  expired(period: Duration): IMetric;
  retentionHeadroom(period: Duration): IMetric;
  ready(period: Duration): IMetric;
  reports(period: Duration): IMetric;
  deadLettered(period: Duration): IMetric;
  unaccounted(period: Duration): IMetric;
}

export interface AlarmedBridge {
  readonly name: string;
  readonly metrics: AlarmedMetrics;
  /** Between two reports of it; undefined where that cannot be told. */
  readonly intervalSeconds: number | undefined;
  /** In a container, which nobody wakes. */
  readonly isService: boolean;
}

export type AlarmDefinition = AlarmProps & { readonly id: string };

const USUAL_PERIOD_SECONDS = 300;

/** CloudWatch looks back so far in periods of an hour and more, "PutMetricAlarm"; in shorter ones a day. */
const MOST_SECONDS = 7 * 86_400;

export function alarmDefinitions(
  bridge: AlarmedBridge,
  options: AlarmOptions,
): readonly AlarmDefinition[] {
  const { intervalSeconds, metrics, name } = bridge;
  const rhythm = rhythmOf(intervalSeconds);
  const { period } = rhythm;
  return [
    expiredAlarm(name, metrics.expired(period)),
    headroomAlarm(name, metrics.retentionHeadroom(period), rhythm, options),
    lagAlarm(name, metrics.forwardLag(period), rhythm, { intervalSeconds, ...options }),
    readyAlarm(name, metrics.ready(period), rhythm),
    deadLetterAlarm(name, metrics.deadLettered(period)),
    unaccountedAlarm(name, metrics.unaccounted(period)),
    ...silenceAlarm(bridge, rhythm),
  ];
}

/** How often there is something to see. */
interface Rhythm {
  /** With one run or more in each, where that can be told. In whole minutes. */
  readonly period: Duration;
  readonly isRegular: boolean;
  /** So many periods in a row can be looked at. */
  readonly most: number;
}

/** By cron, once or by rings alone, nobody knows when the next run comes: each is looked at by itself. */
function rhythmOf(intervalSeconds: number | undefined): Rhythm {
  const minutes = Math.ceil(Math.max(USUAL_PERIOD_SECONDS, intervalSeconds ?? 0) / 60);
  const most = Math.floor(MOST_SECONDS / (minutes * 60));
  if (intervalSeconds !== undefined && most > 0) {
    return { period: Duration.minutes(minutes), isRegular: true, most };
  }
  return { period: Duration.seconds(USUAL_PERIOD_SECONDS), isRegular: false, most: 1 };
}

/** True for so many periods, where there are others to wait for; as it was, where nobody knows when the next comes. */
function lasting(
  { isRegular, most }: Rhythm,
  periods: number,
): Pick<AlarmProps, "evaluationPeriods" | "treatMissingData"> {
  return {
    evaluationPeriods: Math.min(periods, most),
    treatMissingData: isRegular ? TreatMissingData.NOT_BREACHING : TreatMissingData.IGNORE,
  };
}

function expiredAlarm(name: string, metric: IMetric): AlarmDefinition {
  return {
    id: "Expired",
    alarmDescription: `${name}: messages left the stream before they were forwarded (age, size or number limit). They are lost to this bridge. Raise the stream's limits, and see why the bridge was behind: its receipts say why its runs stopped.`,
    metric,
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function headroomAlarm(
  name: string,
  metric: IMetric,
  rhythm: Rhythm,
  options: AlarmOptions,
): AlarmDefinition {
  const threshold = options.minRetentionHeadroom ?? 20;
  return {
    id: "RetentionHeadroom",
    alarmDescription: `${name}: less than ${threshold} % of the stream's limits are left before it drops messages that were not forwarded. Raise its max_age, max_bytes or max_msgs now, then see why the bridge is behind.`,
    metric,
    threshold,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    ...lasting(rhythm, 2),
  };
}

function lagAlarm(
  name: string,
  metric: IMetric,
  { isRegular, most: mostPeriods }: Rhythm,
  options: AlarmOptions & Pick<AlarmedBridge, "intervalSeconds">,
): AlarmDefinition {
  const { intervalSeconds = 0, maxForwardLag } = options;
  const most = maxForwardLag ?? Duration.seconds(300 + 2 * intervalSeconds);
  // What a single run finds has waited for it, and is old, unless somebody says how old it may be.
  const evaluationPeriods =
    !isRegular && maxForwardLag === undefined ? 3 : Math.min(3, mostPeriods);
  return {
    id: "ForwardLag",
    alarmDescription: `${name}: messages are older than ${most.toSeconds()} s when they are acknowledged. Either more comes than goes (raise concurrency, memory or the timeout), or the target is slow or failing: see the receipts and the target's own metrics.`,
    metric,
    threshold: most.toMilliseconds(),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}

function readyAlarm(name: string, metric: IMetric, rhythm: Rhythm): AlarmDefinition {
  return {
    id: "NotReady",
    alarmDescription: `${name}: runs end as blocked, unavailable, broken, overlap or gone, or give back all that they tried. The last receipt in the log has the reason: NATS or the target is down or denied, the consumer was deleted, dead letters are missing, somebody else pulls from an ordered consumer, or the target or the handler fails on every message (handler-failed).`,
    metric,
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    ...lasting(rhythm, 3),
  };
}

function deadLetterAlarm(name: string, metric: IMetric): AlarmDefinition {
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

function unaccountedAlarm(name: string, metric: IMetric): AlarmDefinition {
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

/** No word of it: only where it is known how often there should be, and one that is late is not one that is missing. */
function silenceAlarm(
  { isService, metrics, name }: AlarmedBridge,
  { isRegular, most, period }: Rhythm,
): readonly AlarmDefinition[] {
  if (!isRegular || most < 2) return [];
  const evaluationPeriods = Math.min(3, most);
  const minutes = period.toMinutes() * evaluationPeriods;
  return [
    {
      id: "Silent",
      alarmDescription: `${name}: no word of it for ${minutes} minutes. ${isService ? WHERE_A_SERVICE_IS : WHERE_A_FUNCTION_IS}`,
      metric: metrics.reports(period),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods,
      treatMissingData: TreatMissingData.BREACHING,
    },
  ];
}

const WHERE_A_FUNCTION_IS =
  "It is woken more often. See whether its schedule is enabled, and whether the function is throttled or fails before it starts (its log).";

const WHERE_A_SERVICE_IS =
  "It reports each minute. See whether the service runs a task, and why its last one ended (the service's events, and its log).";
