// The preflight as CloudFormation calls it: the bundle in a process of its own, and a place to which it puts its answer.
import { text } from "node:stream/consumers";
import { bundledWithPreflight } from "./bundled.ts";
import { startLambda } from "./lambda-process.ts";
import { serveHttp } from "./local-http.ts";

export interface Asked {
  readonly type?: "Create" | "Update" | "Delete";
  readonly properties?: Readonly<Record<string, string>>;
  readonly physicalId?: string;
  /** Milliseconds that the function has. */
  readonly granted?: number;
  /** The bridge's entry, from the root of the project. */
  readonly entry?: string;
  /** Of a bundle that there is already. */
  readonly folder?: string;
}

interface Answered {
  readonly Status: "SUCCESS" | "FAILED";
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly Data?: { readonly Consumer: string; readonly Summary: string; readonly Made: string };
}

export interface Preflight {
  readonly answer: Answered;
  /** How many bytes the answer took. */
  readonly bytes: number;
  /** Its checks, in the order in which they ended. */
  readonly checks: readonly Found[];
  /** What it printed. */
  readonly stdout: string;
  /** Milliseconds that were left when the answer came. */
  readonly left: number;
}

interface Found {
  readonly check: string;
  readonly level: "ok" | "warning" | "failure";
  readonly text: string;
}

const folders = new Map<string, string>();

function folderOf(entry: string): string {
  const folder = folders.get(entry) ?? bundledWithPreflight(entry);
  folders.set(entry, folder);
  return folder;
}

/** One request, from CloudFormation to its answer. Throws when none comes. */
export async function preflight(
  environment: Readonly<Record<string, string>>,
  asked: Asked = {},
): Promise<Preflight> {
  const { type = "Create", entry = "functions/forward.lambda.ts", granted = 60_000 } = asked;
  const folder = asked.folder ?? folderOf(entry);
  const answers: string[] = [];
  const server = await serveHttp(async (request, response) => {
    if (request.headers["content-type"]) throw new Error("the URL is signed without a type");
    answers.push(await text(request));
    response.end();
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
  const started = startLambda(`${folder}/preflight.mjs`, environment, { granted, event });
  const { invocations, stderr, stdout } = await started.ended;
  await server.stop();
  const [answer, ...more] = answers;
  if (answer === undefined || more.length > 0) {
    throw new Error(`given ${answers.length} answers, expected one:\n${stdout}\n${stderr}`);
  }
  return {
    answer: JSON.parse(answer) as Answered,
    bytes: Buffer.byteLength(answer),
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
    .map(({ check, level, text: said }) => ({ check, level, text: said }));
}
