// How the demo ends: what the comparison showed, what to try next, and the last lines.
import type { DemoOptions } from "./options.ts";
import type { Played } from "./stage.ts";
import { isGood, lastLines, type Verdict } from "./verdict.ts";

const FORWARD = `  npm run demo                                            forwards to a queue with a service that always runs`;

const WAKE = `  npm run demo -- --wake                                  a handler of yours in a function that sleeps and wakes`;

const MORE_OF_FORWARD = `  npm run demo -- --queue standard                        without order: what was in flight may arrive twice
  npm run demo -- --target eventbridge                    to an event bus; or --target lambda, to a function
  npm run demo -- --nats-url nats://localhost:4222        with a server of yours
  NATS_URL=nats://localhost:4222 JETSTREAM_STREAM=ORDERS JETSTREAM_CONSUMER=orders-to-sqs \\
    SQS_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/123456789012/orders \\
    node_modules/.bin/node functions/forward.service.ts   the service itself`;

const MORE_OF_WAKE = `  npm run demo -- --wake --nats-url nats://localhost:4222 with a server of yours
  demo/handlers/to-warehouse.ts                           the handler of this demo
  functions/handlers/                                     handlers to start from`;

export function closing(
  result: Verdict,
  { unordered, whyTwice }: Played,
  { wake }: DemoOptions,
): readonly string[] {
  return [
    "",
    ...(isGood(result) ? good(result, whyTwice) : bad(result)),
    "",
    "What to try next",
    ...(wake ? [FORWARD, MORE_OF_WAKE] : [WAKE, MORE_OF_FORWARD]),
    "",
    ...lastLines(result, unordered),
  ];
}

function good({ duplicates, sent }: Verdict, whyTwice: string | undefined): readonly string[] {
  return [
    `Each of the ${sent} messages has arrived: payload and headers are the same, byte for byte.`,
    ...(duplicates > 0 && whyTwice !== undefined ? [`${duplicates} came twice: ${whyTwice}`] : []),
  ];
}

function bad({ changed, outOfOrder }: Verdict): readonly string[] {
  return [
    ...(changed.length > 0
      ? [`Changed or unknown: sequences ${changed.slice(0, 10).join(", ")}`]
      : []),
    ...(outOfOrder.length > 0 ? [`Out of order: ${outOfOrder.join(", ")}`] : []),
  ];
}
