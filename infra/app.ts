// The app that `cdk deploy` runs; cdk.json starts it. What it deploys stands in bridges.ts, or on the command line.
import { Annotations, App, Stack } from "aws-cdk-lib";
import { BridgeStack } from "./bridge-stack.ts";
import { bridges } from "./bridges.ts";
import { SettingsError, stackName, wantedBridges } from "./settings.ts";

const app = new App();
try {
  for (const settings of wantedBridges(app.node, bridges)) new BridgeStack(app, settings);
} catch (error) {
  const { message } = error as Error;
  if (error instanceof SettingsError) refuseToDeploy(message);
  else refuse(message);
}

/**
 * As an error of the stack it stops a deployment, and neither `cdk bootstrap`, which comes before all settings, nor
 * `cdk destroy`, which needs no more than the stack's name.
 */
function refuseToDeploy(message: string): void {
  Annotations.of(new Stack(app, stackName(app.node))).addError(message);
}

/** For the person at the command line; a stack trace would bury it. */
function refuse(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
