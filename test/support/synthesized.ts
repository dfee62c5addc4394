// Stacks as the command line would make them, without running esbuild.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { NatsConnection } from "jetstream-aws-bridge";
import { temporaryFolder } from "./leave-nothing.ts";

/** Only the command line reads the context of cdk.json; here it must be given, or other resources come out. */
export function testApp(context: Record<string, unknown> = {}): App {
  const file = join(import.meta.dirname, "../../cdk.json");
  const { context: flags } = JSON.parse(readFileSync(file, "utf8")) as { context: object };
  return new App({
    outdir: temporaryFolder(),
    context: { ...flags, "aws:cdk:bundling-stacks": [], ...context },
  });
}

const URL = "nats://nats.example.com:4222";

/** The template of a stack with a connection, and what is put beside it. */
export function templateOf(fill: (stack: Stack, nats: NatsConnection) => void): Template {
  const stack = new Stack(testApp(), "Test");
  fill(stack, new NatsConnection(stack, "Nats", { url: URL }));
  return Template.fromStack(stack);
}

/** What a stack is refused with while it is described. */
export function refusal(fill: (stack: Stack, nats: NatsConnection) => void): string {
  const stack = new Stack(testApp(), "Test");
  try {
    fill(stack, new NatsConnection(stack, "Connection", { url: URL }));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}
