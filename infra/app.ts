// The app that `cdk deploy` runs; cdk.json starts it. What it deploys stands in bridges.ts, or on the command line.
import { Annotations, App, Stack } from "aws-cdk-lib";
import { BridgeStack } from "./bridge-stack.ts";
import { bridges } from "./bridges.ts";
import { type BridgeSettings, nothingToDeploy, SettingsError, settingsFrom } from "./settings.ts";

const app = new App();
try {
  for (const settings of wanted()) new BridgeStack(app, settings);
} catch (error) {
  const { message } = error as Error;
  // As an error of a stack, it stops a deployment, and not `cdk bootstrap`, which comes before all settings.
  if (error instanceof SettingsError) Annotations.of(new Stack(app, "Settings")).addError(message);
  else refuse(message);
}

function wanted(): readonly BridgeSettings[] {
  const one = settingsFrom(app.node);
  if (one) return [one];
  if (bridges.length > 0) return bridges;
  throw nothingToDeploy();
}

/** For the person at the command line; a stack trace would bury it. */
function refuse(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
