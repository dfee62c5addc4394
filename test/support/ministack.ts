// ministack as a process of its own on loopback: queues, buses with rules, and functions from zip files.
//
// What it does not do as AWS does (1.5.33):
// - PutEvents takes events for buses that do not exist, and details that are too large or no JSON. What is sent is
//   therefore judged by event-bus.ts, not here.
// - An event that a rule delivers has the time of its arrival, not the one it was sent with, and its trace is dropped.
// - A target of a rule is tried once: no retries and no dead letters of the rule. A bus is found by its name, not its ARN.
// - A function that throws is always a Runtime.HandlerError, whatever it threw; one that ends its process is one, too.
// - Functions run on the node and the python3 that it was started with, whatever runtime they name, inherit its
//   environment, and may be sent events larger than 6 MB.
// - Permissions are not checked.
// Throttling, missing permissions and answers that say the wrong thing are therefore left to function-endpoint.ts.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findMinistack } from "./fetch-ministack.ts";
import { freePort } from "./free-port.ts";
import { zipOf } from "./function-zip.ts";
import { endsWithUs, removeFolder, temporaryFolder } from "./leave-nothing.ts";
import { type LocalSqs, sqsAt } from "./sqs.ts";

export interface Emulator extends AsyncDisposable {
  /** Its queues. Their environment is that of all its services. */
  readonly sqs: LocalSqs;
  createBus(name: string): Promise<void>;
  /** What matches the pattern goes from the bus to the queue; the rule has the queue's name. */
  createRule(bus: string, pattern: object, queueName: string): Promise<void>;
  /** `file` is one of test/support/handlers; answers with the function's ARN. */
  deploy(name: string, file: string): Promise<string>;
  /** All lines of the function's log. */
  printed(name: string): Promise<readonly string[]>;
}

export async function startMinistack(): Promise<Emulator> {
  const { packages, python } = await findMinistack();
  const folder = temporaryFolder();
  const tmp = join(folder, "tmp");
  mkdirSync(tmp);
  // Its own scripts are no modules, whatever a package.json further up says.
  writeFileSync(join(tmp, "package.json"), "{}");
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = join(folder, "log");
  const log = openSync(logFile, "a");
  const child = spawn(python, ["-m", "ministack"], {
    cwd: tmp,
    // Functions inherit it, and see nothing of whoever runs the tests.
    env: {
      PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
      HOME: tmp,
      TMPDIR: tmp,
      PYTHONPATH: packages,
      PYTHONDONTWRITEBYTECODE: "1",
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      LAMBDA_EXECUTOR: "local",
      IOT_MTLS_ENABLED: "0",
      SFTP_ENABLED: "0",
    },
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  const exited = once(child, "exit").catch(() => {});
  await once(child, "spawn");
  const callOff = endsWithUs(child.pid!);
  // Told to end, it ends the processes of its functions; killed, it leaves them without input, and they end themselves.
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
    await exited;
    clearTimeout(patience);
    callOff();
    removeFolder(folder);
  };
  try {
    await untilHealthy(child, endpoint);
  } catch (error) {
    const said = readFileSync(logFile, "utf8").slice(-2000);
    await stop();
    throw new Error(`ministack did not start: ${String(error)}\n${said}`, { cause: error });
  }
  return emulatorAt(endpoint, stop);
}

async function untilHealthy(child: ChildProcess, endpoint: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("it ended");
    const health = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (health?.ok) return;
    await sleep(50);
  }
  throw new Error("it is not healthy after 30 s");
}

function emulatorAt(endpoint: string, stop: () => Promise<void>): Emulator {
  const events = (action: string, body: object): Promise<unknown> =>
    call(endpoint, "events", "POST", "", body, `AWSEvents.${action}`);
  const lambda = (method: string, path: string, body?: object): Promise<unknown> =>
    call(endpoint, "lambda", method, `2015-03-31/functions${path}`, body);
  return {
    sqs: sqsAt(endpoint, stop),
    async createBus(Name) {
      await events("CreateEventBus", { Name });
    },
    async createRule(EventBusName, pattern, queueName) {
      const EventPattern = JSON.stringify(pattern);
      await events("PutRule", { Name: queueName, EventBusName, EventPattern });
      const Arn = `arn:aws:sqs:us-east-1:000000000000:${queueName}`;
      await events("PutTargets", {
        Rule: queueName,
        EventBusName,
        Targets: [{ Id: "queue", Arn }],
      });
    },
    async deploy(FunctionName, file) {
      const isPython = file.endsWith(".py");
      const { FunctionArn } = (await lambda("POST", "", {
        FunctionName,
        Runtime: isPython ? "python3.14" : "nodejs24.x",
        Handler: file.replace(/\.\w+$/, isPython ? ".lambda_handler" : ".handler"),
        Role: "arn:aws:iam::000000000000:role/function",
        Code: { ZipFile: (await zipOf(file)).toString("base64") },
        Timeout: 30,
      })) as { readonly FunctionArn: string };
      for (;;) {
        const { State } = (await lambda("GET", `/${FunctionName}/configuration`)) as {
          readonly State: string;
        };
        if (State === "Active") return FunctionArn;
        await sleep(20);
      }
    },
    async printed(name) {
      // Lines that came too late for the log of their own invocation are in that of the next.
      await lambda("POST", `/${name}/invocations`, { Records: [] });
      const lines: string[] = [];
      let nextToken: string | undefined;
      do {
        const body = { logGroupName: `/aws/lambda/${name}`, ...(nextToken && { nextToken }) };
        const target = "Logs_20140328.FilterLogEvents";
        const page = (await call(endpoint, "logs", "POST", "", body, target)) as LogPage;
        lines.push(...page.events.map(({ message }) => message));
        ({ nextToken } = page);
      } while (nextToken);
      return lines;
    },
    [Symbol.asyncDispose]: stop,
  };
}

interface LogPage {
  readonly events: readonly { readonly message: string }[];
  readonly nextToken?: string;
}

/** Without the SDK: what the tests read must not depend on the client that the product sends with. */
async function call(
  endpoint: string,
  service: string,
  method: string,
  path: string,
  body?: object,
  target?: string,
): Promise<unknown> {
  const scope = `test/20260101/us-east-1/${service}/aws4_request`;
  const response = await fetch(`${endpoint}/${path}`, {
    method,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=test`,
      ...(target !== undefined && { "x-amz-target": target }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target ?? path}: ${response.status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}
