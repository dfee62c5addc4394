// The preflight as CloudFormation calls it: the bundle in a process of its own, and a place to which it puts its answer.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { bundledWithPreflight } from "./bundled.ts";
import { startLambda } from "./lambda-process.ts";
import { temporaryFolder } from "./leave-nothing.ts";
import { serveHttp } from "./local-http.ts";

export interface Asked {
  readonly type?: "Create" | "Update" | "Delete";
  readonly properties?: Readonly<Record<string, string>>;
  readonly physicalId?: string;
  /** Milliseconds that the function has. */
  readonly granted?: number;
  /** The bridge's entry, from the root of the project. Default: the forwarder. */
  readonly entry?: string;
  /** Of a bundle that there is already. */
  readonly folder?: string;
  /** Called when the answer has come. */
  readonly answered?: () => void;
  /** What stands in `index.mjs` in place of that entry. */
  readonly code?: string;
}

export interface Answered {
  readonly Status: "SUCCESS" | "FAILED";
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly Data?: { readonly Consumer: string; readonly Summary: string; readonly Made: string };
}

export interface Preflight {
  readonly answer: Answered;
  /** Its checks, in the order in which they ended. */
  readonly checks: readonly Found[];
  /** What it printed. */
  readonly stdout: string;
  /** Milliseconds that were left when the answer came. */
  readonly left: number;
}

interface Found {
  readonly check: string;
  readonly result: "ok" | "warning" | "failure";
  readonly text: string;
}

const FORWARDER = "functions/forward.lambda.ts";

const folders = new Map<string, string>();

/** Its bundle, made when it is asked for first: before the tests, for meanwhile this process answers nobody. */
export function bundleOf(entry: string = FORWARDER): string {
  const folder = folders.get(entry) ?? bundledWithPreflight(entry);
  folders.set(entry, folder);
  return folder;
}

function folderOf({ code, entry, folder = bundleOf(entry) }: Asked): string {
  if (code === undefined) return folder;
  const changed = temporaryFolder();
  cpSync(folder, changed, { recursive: true });
  writeFileSync(join(changed, "index.mjs"), code);
  return changed;
}

/** One request, from CloudFormation to its answer. Throws when none comes. */
export async function preflight(
  environment: Readonly<Record<string, string>>,
  asked: Asked = {},
): Promise<Preflight> {
  const { granted = 60_000, type = "Create" } = asked;
  const answers: string[] = [];
  const server = await serveHttp(async (request, response) => {
    if (request.headers["content-type"]) throw new Error("the URL is signed without a type");
    answers.push(await text(request));
    response.end();
    asked.answered?.();
  });
  const event = {
    RequestType: type,
    ResponseURL: `${server.endpoint}/answer?X-Amz-Signature=secret-signature`,
    StackId: "arn:aws:cloudformation:eu-west-1:123456789012:stack/Orders/1",
    RequestId: "request-1",
    LogicalResourceId: "Preflight",
    ResourceType: "Custom::JetStreamBridge",
    ...(asked.physicalId !== undefined && { PhysicalResourceId: asked.physicalId }),
    ResourceProperties: {
      ManageConsumer: "create",
      OnDelete: "retain",
      Checks: "all",
      Fingerprint: "1",
      ...asked.properties,
    },
  };
  const started = startLambda(`${folderOf(asked)}/preflight.mjs`, environment, { granted, event });
  const { invocations, stderr, stdout } = await started.ended;
  await server.stop();
  if (`${stdout}${stderr}`.includes("secret-signature")) throw new Error("it has printed the URL");
  const [answer, ...more] = answers;
  if (answer === undefined || more.length > 0) {
    throw new Error(`given ${answers.length} answers, expected one:\n${stdout}\n${stderr}`);
  }
  return {
    answer: JSON.parse(answer) as Answered,
    checks: checksIn(stdout),
    stdout: `${stdout}${stderr}`,
    left: invocations[0]?.left ?? 0,
  };
}

function checksIn(stdout: string): readonly Found[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Found & { readonly event: string })
    .filter(({ event }) => event === "preflight-check")
    .map(({ check, result, text: said }) => ({ check, result, text: said }));
}
