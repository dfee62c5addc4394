/** The checks in their order: what a later one needs, an earlier one has found. */
import type { Config } from "../config.ts";
import { apiSubjects, type ConsumerAnswer, readAnswer, type StreamAnswer } from "../source/api.ts";
import type { Session } from "../source/session.ts";
import { SourceError } from "../source/source-error.ts";
import type { Check, Checklist, Passed } from "./checklist.ts";
import { connectPatiently } from "./connect.ts";
import { compareConsumer, makeConsumer, missing, readConsumer, standing } from "./consumer.ts";
import { load, type Loaded, type LoadEntry } from "./load.ts";
import type { Task } from "./request.ts";
import type { LoginPorts } from "../login.ts";
import type { Host } from "../wake/host.ts";

export interface CheckPorts {
  readonly host: Pick<Host, "environment" | "readFile">;
  readonly loadEntry: LoadEntry;
  readonly login: LoginPorts;
}

/** What is known of the consumer at the end. */
export interface Checked {
  readonly config: Config;
  /** `created, deliver all, …` or `found, 1201 pending, …`. */
  readonly summary: string;
  readonly made: boolean;
}

/** Undefined when something failed: the list has it. The consumer is made last of all, when nothing else is wrong. */
export async function checkAll(
  task: Task,
  ports: CheckPorts,
  list: Checklist,
): Promise<Checked | undefined> {
  const loaded = await list.check("configuration", () => loadBridge(ports));
  if (!loaded) return undefined;
  const { config } = loaded;
  const session = await list.check("connection", (check) => connect(config, ports, check));
  if (!session) return undefined;
  try {
    return await checkNats(task, config, session, list);
  } finally {
    await session.close(config.nats.timeoutMs);
  }
}

async function loadBridge({ host, loadEntry }: CheckPorts): Promise<Passed<Loaded>> {
  const value = await load(loadEntry, host);
  return { value, text: "the configuration is complete, and the code loads" };
}

async function connect(
  config: Config,
  { login }: CheckPorts,
  check: Check,
): Promise<Passed<Session>> {
  const value = await connectPatiently(config, login, check);
  return { value, text: `connected to nats-server ${value.serverVersion}` };
}

async function checkNats(
  task: Task,
  config: Config,
  session: Session,
  list: Checklist,
): Promise<Checked | undefined> {
  await list.check("stream", (check) => lookAtStream(session, config, check));
  if (list.failures.length > 0) return undefined;
  const found = await list.check("consumer", (check) =>
    lookAtConsumer(task, session, config, check),
  );
  if (!found || list.failures.length > 0) return undefined;
  if (found.consumer) return { config, summary: standing(found.consumer), made: false };
  const summary = await list.check("creation", () => makeConsumer(session, config));
  return summary === undefined ? undefined : { config, summary, made: true };
}

async function lookAtStream(
  session: Session,
  { consumer: { consumer, stream }, nats }: Config,
  check: Check,
): Promise<Passed<StreamAnswer | undefined>> {
  const { streamInfo } = apiSubjects(nats.apiPrefix, stream, consumer);
  try {
    const wire = await session.request(streamInfo, "", nats.timeoutMs);
    const value = readAnswer<StreamAnswer>(wire, `stream ${stream}`);
    return { value, text: `stream ${stream} holds ${value.state.messages} messages` };
  } catch (error) {
    if (!(error instanceof SourceError) || error.end !== "refused") throw error;
    check.warn(`${error.message}; allow ${streamInfo}, so that a stream made anew is noticed`);
    return { value: undefined, text: `stream ${stream} may not be looked at` };
  }
}

interface Looked {
  /** Undefined: there is none yet. */
  readonly consumer: ConsumerAnswer | undefined;
}

async function lookAtConsumer(
  { manage }: Task,
  session: Session,
  config: Config,
  check: Check,
): Promise<Passed<Looked>> {
  const consumer = await readConsumer(session, config);
  if (consumer) {
    compareConsumer(config, consumer, check);
    return { value: { consumer }, text: `consumer ${consumer.name} fits: ${standing(consumer)}` };
  }
  if (manage === "verify") throw missing(config);
  return { value: { consumer }, text: "there is no such consumer yet, and it can be made" };
}
