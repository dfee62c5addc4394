// Runs a handler as Lambda's runtime does: an event a line on standard input, an answer a line on descriptor 3.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const { handler } = await import(process.argv[2]);
const context = { functionName: "test", getRemainingTimeInMillis: () => 60_000 };

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { returned: (await handler(JSON.parse(line), context)) ?? null };
  } catch (error) {
    answer = { thrown: { errorType: error.name, errorMessage: error.message, trace: [] } };
  }
  writeSync(3, `${JSON.stringify(answer)}\n`);
}
