import { expect, test } from "vitest";
import { regionOf } from "../../../../functions/bridge/sinks/sqs/call.ts";

test.each([
  ["https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "eu-west-1"],
  ["https://sqs.ap-southeast-2.amazonaws.com/123456789012/orders.fifo", "ap-southeast-2"],
  ["https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders", "cn-north-1"],
  ["https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders", "us-gov-west-1"],
  ["https://sqs.us-isob-east-1.sc2s.sgov.gov/123456789012/orders", "us-isob-east-1"],
  ["https://sqs-fips.us-east-2.amazonaws.com/123456789012/orders", "us-east-2"],
  ["https://sqs.eu-central-1.api.aws/123456789012/orders", "eu-central-1"],
  ["https://eu-west-1.queue.amazonaws.com/123456789012/orders", "eu-west-1"],
  ["https://queue.amazonaws.com/123456789012/orders", "us-east-1"],
  ["https://vpce-0a1b2c3d-e4f5.sqs.eu-west-1.vpce.amazonaws.com/123456789012/orders", "eu-west-1"],
  [
    "https://vpce-0a1b2c3d-e4f5-us-east-1a.sqs.us-east-1.vpce.amazonaws.com/123456789012/orders",
    "us-east-1",
  ],
  ["http://sqs.us-east-1.localhost:4566/000000000000/orders", "us-east-1"],
  ["http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/orders", "us-east-1"],
])("the region of %s is %s", (url, region) => {
  expect(regionOf(url)).toBe(region);
});

test.each([
  "http://localhost:9324/000000000000/orders",
  "http://127.0.0.1:4566/000000000000/orders",
  "http://[::1]:4566/000000000000/orders",
  "http://sqs:9324/000000000000/orders",
  "http://elasticmq.internal/queue/eu-west-1",
])("%s says nothing about a region", (url) => {
  expect(regionOf(url)).toBeUndefined();
});
