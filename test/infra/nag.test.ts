// cdk-nag over every kind of bridge: clean, or acknowledged where it is made, with a reason.
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { expect, test } from "vitest";
import { everyBridge } from "../support/every-bridge.ts";

const ALL = Object.entries(everyBridge()).flatMap(([name, { bridges }]) =>
  Object.entries(bridges).map(([id, bridge]) => [`${name}/${id}`, bridge] as const),
);

test.each([new AwsSolutionsChecks(), new ServerlessChecks()])("$name", (pack) => {
  const found = ALL.flatMap(([name, bridge]) => {
    const { violations } = pack.validateScope(bridge);
    return violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${name}: ${ruleName} at ${constructPath}`),
    );
  });
  expect(found).toEqual([]);
});
