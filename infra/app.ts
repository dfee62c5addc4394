// The app that `cdk deploy` runs; cdk.json starts it. What it deploys stands in bridges.ts, or on the command line.
import { App } from "aws-cdk-lib";
import { BridgeStack } from "./bridge-stack.ts";
import { bridges } from "./bridges.ts";
import { nothingToDeploy, settingsFrom } from "./settings.ts";

const app = new App();
try {
  const one = settingsFrom(app.node);
  const all = one ? [one] : bridges;
  if (all.length === 0) throw nothingToDeploy();
  for (const settings of all) new BridgeStack(app, settings);
} catch (error) {
  console.error((error as Error).message); // for the person at the command line; a stack trace would bury it
  process.exitCode = 1;
}
