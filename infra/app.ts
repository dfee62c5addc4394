// The app that `cdk deploy` runs; cdk.json starts it. What it needs to know comes from the command line with -c.
import { App } from "aws-cdk-lib";
import { ForwardStack } from "./forward-stack.ts";
import { settingsFrom } from "./settings.ts";

const app = new App();
try {
  new ForwardStack(app, "JetStreamForward", settingsFrom(app.node));
} catch (error) {
  console.error((error as Error).message); // for the person at the command line; a stack trace would bury it
  process.exitCode = 1;
}
