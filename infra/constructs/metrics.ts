import { Duration } from "aws-cdk-lib";
import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";

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
    dimensionsMap: { Stream: stream, Consumer: consumer },
    period: Duration.minutes(5),
    ...options,
  });
}
