import { Duration } from "aws-cdk-lib";
import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import { dimensionValue } from "../../functions/bridge/observe/metric-names.ts";

export interface MetricSource {
  readonly namespace: string;
  readonly stream: string;
  readonly consumer: string;
}

/** A metric that the bridge writes. */
export function bridgeMetric(
  { consumer, namespace, stream }: MetricSource,
  metricName: string,
  options: MetricOptions,
): Metric {
  return new Metric({
    namespace,
    metricName,
    dimensionsMap: { Stream: dimensionValue(stream), Consumer: dimensionValue(consumer) },
    period: Duration.minutes(5),
    ...options,
  });
}
