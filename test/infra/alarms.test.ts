// Alarms: on what, and what the person who is woken is told.
import { CfnParameter, Duration, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  type AlarmOptions,
  JetStreamForwarder,
  type JetStreamForwarderProps,
  type NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { METRICS } from "../../functions/bridge/observe/metric-names.ts";
import { everyBridge } from "../support/every-bridge.ts";
import { refusal, templateOf } from "../support/synthesized.ts";

interface Alarm {
  readonly AlarmDescription: string;
  readonly MetricName: string;
  readonly Namespace: string;
  readonly EvaluationPeriods: number;
  readonly Period: number;
  readonly Threshold: number;
  readonly TreatMissingData: string;
  readonly AlarmActions?: readonly string[];
  readonly OKActions?: readonly string[];
}

function alarmsOf(template: Template, start = ""): Readonly<Record<string, Alarm>> {
  const found = Object.entries(template.findResources("AWS::CloudWatch::Alarm"))
    .filter(([id]) => id.startsWith(start))
    .map(([id, { Properties }]) => [
      id.slice(start.length, -"Alarm12345678".length),
      Properties as Alarm,
    ]);
  return Object.fromEntries(found) as Readonly<Record<string, Alarm>>;
}

function withProps(props: Partial<JetStreamForwarderProps>): Readonly<Record<string, Alarm>> {
  return alarmsOf(
    templateOf((stack, nats) => add(stack, nats, props)),
    "Orders",
  );
}

function add(stack: Stack, nats: NatsConnection, props: Partial<JetStreamForwarderProps>): void {
  const target = Target.queue(new Queue(stack, "Queue"));
  new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target, ...props });
}

const queue = Template.fromStack(everyBridge()["Queue"]!.stack);
const always = alarmsOf(queue, "Always");

test("each is about a metric that the bridge publishes, and says which bridge, and what to do", () => {
  expect(Object.keys(always).toSorted()).toEqual([
    "DeadLettered",
    "Expired",
    "ForwardLag",
    "NotReady",
    "RetentionHeadroom",
    "Silent",
    "Unaccounted",
  ]);
  const published = Object.values(METRICS).flatMap((one) =>
    "cloudWatch" in one ? [one.cloudWatch] : [],
  );
  for (const { AlarmDescription, MetricName, Namespace } of Object.values(always)) {
    expect(published).toContain(MetricName);
    expect(Namespace).toBe("JetStreamBridge");
    expect(AlarmDescription).toMatch(/^Queue\/Always: /);
    expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
    expect(AlarmDescription).toMatch(/[Ss]ee |Raise|report|Mend|last receipt/);
  }
});

test("silence alone is a fault when there is nothing to see", () => {
  const breaching = Object.entries(always).filter(
    ([, { TreatMissingData }]) => TreatMissingData === "breaching",
  );
  expect(breaching.map(([id]) => id)).toEqual(["Silent"]);
  expect(always["Silent"]?.AlarmDescription).toContain("whether its schedule is enabled");
  const { Silent } = alarmsOf(queue, "Fargate");
  expect(Silent?.AlarmDescription).toContain("the service's events");
});

const everyDays = (days: number): ReturnType<typeof withProps> =>
  withProps({ wake: Wake.schedule(ScheduleExpression.rate(Duration.days(days))) });

test("there is none for silence where it is not known when to expect a word", () => {
  expect(Object.keys(alarmsOf(queue, "Rung"))).not.toContain("Silent");
  expect(everyDays(1)["Silent"]).toMatchObject({ Period: 86_400, EvaluationPeriods: 3 });
  expect(everyDays(3)["Silent"]).toMatchObject({ Period: 3 * 86_400, EvaluationPeriods: 2 });
  expect(Object.keys(everyDays(7))).not.toContain("Silent");
});

test("none looks back further than CloudWatch does, which is a week", () => {
  for (const days of [1, 3, 7, 30]) {
    for (const { EvaluationPeriods, Period } of Object.values(everyDays(days))) {
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual(7 * 86_400);
    }
  }
});

test("where nobody knows when the next run comes, one that fails is enough, until one goes well", () => {
  const cron = Wake.schedule(ScheduleExpression.cron({ minute: "0", hour: "6" }));
  for (const wake of [cron, Wake.doorbell()]) {
    const { ForwardLag, NotReady, RetentionHeadroom } = withProps({
      wake,
      alarms: { maxForwardLag: Duration.hours(25) },
    });
    const once = { EvaluationPeriods: 1, Period: 300 };
    expect([NotReady, RetentionHeadroom]).toMatchObject([
      { ...once, TreatMissingData: "ignore" },
      { ...once, TreatMissingData: "ignore" },
    ]);
    expect(ForwardLag).toMatchObject(once);
  }
  const { NotReady } = always;
  expect(NotReady).toMatchObject({ EvaluationPeriods: 3, TreatMissingData: "notBreaching" });
});

test("periods follow the schedule", () => {
  const hourly = withProps({ wake: Wake.schedule(ScheduleExpression.rate(Duration.hours(1))) });
  expect(hourly["Silent"]).toMatchObject({ Period: 3600, EvaluationPeriods: 3 });
  expect(hourly["ForwardLag"]?.Threshold).toBe((300 + 2 * 3600) * 1000);
});

test("the user's thresholds and actions, when it begins and when it is over", () => {
  const action: IAlarmAction = { bind: () => ({ alarmActionArn: "arn:aws:sns:::pager" }) };
  const alarms: AlarmOptions = {
    actions: [action],
    maxForwardLag: Duration.minutes(2),
    minRetentionHeadroom: 40,
  };
  const mine = withProps({ alarms, metricsNamespace: "Shop" });
  expect(mine["ForwardLag"]?.Threshold).toBe(120_000);
  expect(mine["RetentionHeadroom"]?.Threshold).toBe(40);
  for (const { AlarmActions, Namespace, OKActions } of Object.values(mine)) {
    expect([AlarmActions, OKActions]).toEqual([["arn:aws:sns:::pager"], ["arn:aws:sns:::pager"]]);
    expect(Namespace).toBe("Shop");
  }
});

test("none when they are not wanted, and none without metrics", () => {
  expect(withProps({ alarms: { enabled: false } })).toEqual({});
  expect(withProps({ metricsNamespace: "off" })).toEqual({});
});

test("the bridge publishes where the alarms look", () => {
  const template = templateOf((stack, nats) => add(stack, nats, { metricsNamespace: "Shop" }));
  template.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "index.handler",
    Environment: { Variables: { METRICS_NAMESPACE: "Shop" } },
  });
});

test("a threshold that is known only while deploying is refused", () => {
  const message = refusal((stack, nats) => {
    const lag = new CfnParameter(stack, "Lag", { type: "Number" }).valueAsNumber;
    add(stack, nats, { alarms: { maxForwardLag: Duration.seconds(lag) } });
  });
  expect(message).toContain("maxForwardLag: given a value to alarms that is known only while");
});

test("metrics have the name, the dimensions and the statistic of what is published", () => {
  const { Always } = everyBridge()["Queue"]!.bridges;
  const names = [
    Always!.metricForwardLag(),
    Always!.metricPending(),
    Always!.metricAckPending(),
    Always!.metricPolled(),
    Always!.metricAcknowledged(),
    Always!.metricRetried(),
    Always!.metricDeadLettered(),
    Always!.metricExpired(),
    Always!.metricRetentionHeadroom(),
    Always!.metricReady(),
  ];
  for (const { dimensions, metricName, statistic } of names) {
    const one = Object.values(METRICS).find(
      (metric) => "cloudWatch" in metric && metric.cloudWatch === metricName,
    );
    expect(statistic).toBe(one?.statistic);
    expect(dimensions).toEqual({ Stream: "ORDERS", Consumer: Always!.consumer });
  }
  expect(Always!.metricPending({ period: Duration.minutes(1) }).period.toMinutes()).toBe(1);
});
