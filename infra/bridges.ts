import type { BridgeSettings } from "./bridge-settings.ts";

/**
 * Bridges that `npx cdk deploy --all` deploys, each in a stack of its own. While there is none, the one that the command
 * line describes with `-c natsUrl=… -c stream=…` is deployed; beside some it is refused.
 *
 *     { name: "Orders", natsUrl: "tls://nats.example.com:4222", natsSecret: "nats/bridge", stream: "ORDERS",
 *       to: { queue: { groupBy: "{subject.2}" } } },
 *     { name: "Ship", natsUrl: "tls://nats.example.com:4222", natsSecret: "nats/bridge", stream: "ORDERS",
 *       to: { handler: "functions/handlers/ship-order.ts", schedule: "rate(5 minutes)" } },
 */
export const bridges: readonly BridgeSettings[] = [];
