// An app with a handler of its own, in any folder.
import { App, Duration, Stack } from "aws-cdk-lib";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { JetStreamFunction, NatsConnection, Wake } from "jetstream-aws-bridge";

const stack = new Stack(new App(), "Handlers");

new JetStreamFunction(stack, "ShipOrder", {
  nats: new NatsConnection(stack, "Nats", { url: "nats://nats.example.com:4222" }),
  stream: "ORDERS",
  entry: process.env["ENTRY"] ?? "ship-order.ts",
  wake: Wake.schedule(ScheduleExpression.rate(Duration.minutes(1))).orDoorbell(),
});
