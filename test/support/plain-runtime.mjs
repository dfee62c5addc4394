// Stands in for aws-lambda-ric where that cannot be built: the same calls of the Runtime API around the same handler.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const {
  AWS_LAMBDA_RUNTIME_API: host,
  LAMBDA_TASK_ROOT: root,
  _HANDLER: wanted,
  AWS_LAMBDA_FUNCTION_NAME: functionName,
  AWS_LAMBDA_FUNCTION_VERSION: functionVersion,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryLimitInMB,
} = process.env;

const api = `http://${host}/2018-06-01/runtime`;

const post = (path, value) =>
  fetch(`${api}/${path}`, { method: "POST", body: JSON.stringify(value ?? null) });

const formatted = (error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack?.split("\n") ?? [] }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

async function load() {
  const [module, name] = wanted.split(".");
  const file = [".js", ".mjs", ".cjs"].map((e) => join(root, module + e)).find(existsSync);
  if (!file) throw new Error(`${wanted}: no such module in ${root}`);
  const { [name]: found } = await import(pathToFileURL(file));
  if (typeof found !== "function") throw new Error(`${wanted} is not a function`);
  return found;
}

function contextOf(headers) {
  const deadline = Number(headers.get("lambda-runtime-deadline-ms"));
  return {
    functionName,
    functionVersion,
    memoryLimitInMB,
    awsRequestId: headers.get("lambda-runtime-aws-request-id"),
    invokedFunctionArn: headers.get("lambda-runtime-invoked-function-arn"),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

const handler = await load().catch(async (error) => {
  await post("init/error", formatted(error));
  throw error;
});

for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const context = contextOf(next.headers);
  const answer = `invocation/${context.awsRequestId}`;
  try {
    const value = await handler(await next.json(), context);
    await post(`${answer}/response`, value);
  } catch (error) {
    console.error("Invoke Error", error);
    await post(`${answer}/error`, formatted(error));
  }
}
