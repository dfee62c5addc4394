import type { Metric, MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { METRICS, type PublishedName } from "../../functions/bridge/observe/metric-names.ts";
import { bridgeMetric } from "./metrics.ts";

/** What publishes the metrics of a bridge, as they are in CloudWatch. */
export abstract class Metered extends Construct {
  abstract readonly stream: string;
  abstract readonly consumer: string;
  /** Where its metrics are in CloudWatch; `off` where it writes none. */
  abstract readonly metricsNamespace: string;

  /** A metric of the bridge by its name in CloudWatch, like `DuplicateEventCount`. Average over 5 minutes. */
  metric(metricName: string, options: MetricOptions = {}): Metric {
    const { consumer, stream } = this;
    return bridgeMetric(
      { namespace: this.metricsNamespace, stream, consumer },
      metricName,
      options,
    );
  }

  /** How old messages were when they were acknowledged, in milliseconds. Maximum over 5 minutes. */
  metricForwardLag(options?: MetricOptions): Metric {
    return this.published("forwardLag", options);
  }

  /** Messages of the consumer that were never delivered. Maximum over 5 minutes. */
  metricPending(options?: MetricOptions): Metric {
    return this.published("pending", options);
  }

  /** Messages of the consumer that are delivered and not settled. Maximum over 5 minutes. */
  metricAckPending(options?: MetricOptions): Metric {
    return this.published("ackPending", options);
  }

  /** Messages taken from the consumer. Sum over 5 minutes. */
  metricPolled(options?: MetricOptions): Metric {
    return this.published("pulled", options);
  }

  /** Messages accepted by the target and acknowledged. Sum over 5 minutes. */
  metricAcknowledged(options?: MetricOptions): Metric {
    return this.published("acked", options);
  }

  /** Messages given back, to be tried again. Sum over 5 minutes. */
  metricRetried(options?: MetricOptions): Metric {
    return this.published("retried", options);
  }

  /** Messages stored in the dead letters. Sum over 5 minutes. */
  metricDeadLettered(options?: MetricOptions): Metric {
    return this.published("buried", options);
  }

  /** Messages that left the stream before they were delivered. Sum over 5 minutes. */
  metricExpired(options?: MetricOptions): Metric {
    return this.published("expired", options);
  }

  /** Percent of the stream's limits left before unforwarded messages are dropped. Minimum over 5 minutes. */
  metricRetentionHeadroom(options?: MetricOptions): Metric {
    return this.published("retentionHeadroom", options);
  }

  /** 1 while the bridge forwards, or has ended well; 0 while it cannot. Minimum over 5 minutes. */
  metricReady(options?: MetricOptions): Metric {
    return this.published("ready", options);
  }

  protected published(name: PublishedName, options?: MetricOptions): Metric {
    const { cloudWatch, statistic } = METRICS[name];
    return this.metric(cloudWatch, { statistic, ...options });
  }
}
