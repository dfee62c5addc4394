/**
 * The checks in their order: what a later one needs, an earlier one has found. NATS and AWS are asked at the same time,
 * and the consumer is made last of all, when nothing is wrong: a deployment that fails leaves none behind.
 */
import { dialerOf } from "../bridge.ts";
import type { Config } from "../config.ts";
import type { Ms } from "../core/ports.ts";
import { loginOf, type LoginPorts } from "../login.ts";
import type { ConsumerAnswer } from "../source/api.ts";
import type { Identities } from "../source/identity.ts";
import { isBefore210 } from "../source/incarnation.ts";
import type { Session } from "../source/session.ts";
import type { Dial } from "../source/wire.ts";
import type { Host } from "../wake/host.ts";
import { isDenied, type Nats, natsOf } from "./ask.ts";
import type { Check, Checklist, Passed } from "./checklist.ts";
import { connectPatiently, toldToDeployers } from "./connect.ts";
import {
  compareConsumer,
  madeAnew,
  makeConsumer,
  missing,
  readConsumer,
  standing,
} from "./consumer.ts";
import { checkDomain } from "./domain.ts";
import { load, type Loaded, type LoadEntry } from "./load.ts";
import { askPatiently } from "./patience.ts";
import { checkPermissions } from "./permissions.ts";
import { checkPublishes } from "./publishes.ts";
import { isAbout, type Task } from "./request.ts";
import { lookAtStream } from "./stream.ts";
import { checkAws, type Source } from "./target.ts";

export interface CheckPorts {
  readonly host: Pick<Host, "environment" | "readFile">;
  readonly loadEntry: LoadEntry;
  readonly login: LoginPorts;
  /** So long a connection that fails is tried again. */
  readonly connectMs: Ms;
  /** By the clock: so long what AWS denies is asked again. */
  readonly accessUntil: Ms;
}

/** What is known of the consumer at the end. */
export interface Checked {
  readonly config: Config;
  /** `created, deliver all, …` or `found, 1201 pending, …`. */
  readonly summary: string;
  readonly made: boolean;
}

/** Undefined when something failed: the list has it. */
export async function checkAll(
  task: Task,
  ports: CheckPorts,
  list: Checklist,
): Promise<Checked | undefined> {
  const loaded = await list.check("configuration", (check) => loadBridge(ports, check));
  if (!loaded) return undefined;
  const { config } = loaded;
  const source = Promise.withResolvers<Source | undefined>();
  const aws =
    task.checks === "all" ? checkAws(config, list, ports.accessUntil, source.promise) : undefined;
  // Looked at when NATS has been asked, which may take longer.
  aws?.catch(() => undefined);
  const identities = toldToDeployers(loginOf(config.nats, ports.login).identities, config.nats);
  const dial = dialerOf(config, identities);
  const known =
    config.nats.secretArn === undefined ||
    (await list.check("secret", (check) => readSecret(identities, ports.accessUntil, check)));
  const session =
    known && (await list.check("connection", (check) => connect(dial, ports.connectMs, check)));
  try {
    const found = session && (await checkNats(task, loaded, { dial, session, list, source }));
    source.resolve(undefined);
    await aws;
    return found && list.failures.length === 0 ? await conclude(found, list) : undefined;
  } finally {
    await session?.close(config.nats.timeoutMs);
  }
}

async function loadBridge({ host, loadEntry }: CheckPorts, check: Check): Promise<Passed<Loaded>> {
  const value = await load(loadEntry, host);
  for (const warning of value.warnings) check.warn(warning);
  return { value, text: "the configuration is complete, and the code loads" };
}

async function readSecret(
  identities: Identities,
  patientUntil: Ms,
  check: Check,
): Promise<Passed<true>> {
  await askPatiently(() => identities.current(), { check, patientUntil });
  return { value: true, text: `${identities.whence} can be read` };
}

async function connect(dial: Dial, patienceMs: Ms, check: Check): Promise<Passed<Session>> {
  const value = await connectPatiently(dial, patienceMs, check);
  return { value, text: `connected to nats-server ${value.serverVersion}` };
}

interface NatsParts {
  readonly dial: Dial;
  readonly session: Session;
  readonly list: Checklist;
  readonly source: PromiseWithResolvers<Source | undefined>;
}

interface Found {
  readonly nats: Nats;
  /** Undefined: there is none yet. */
  readonly consumer: ConsumerAnswer | undefined;
}

async function checkNats(
  task: Task,
  { config, definition }: Loaded,
  { dial, list, session, source }: NatsParts,
): Promise<Found | undefined> {
  const nats = natsOf(config, session);
  const publishes = definition?.options.publishes ?? [];
  if (task.checks === "all") {
    const first = await readConsumer(nats).catch((error: unknown) => ({ error }));
    const create = task.manage === "create" && (first === undefined || "error" in first);
    const wanted = { ...config.consumer, ...config.nats, create, publishes };
    await list.check("permissions", (check) => checkPermissions(dial, wanted, check));
    // Told with all the others that are missing.
    if (first && "error" in first && isDenied(first.error)) return undefined;
  }
  const stream = await list.check("stream", async (check) => {
    const { text, value } = await lookAtStream(nats, check);
    return { text, value: { stream: value, maxPayload: session.maxPayload } };
  });
  source.resolve(stream);
  if (!stream) return undefined;
  const found = await list.check("consumer", (check) => lookAtConsumer(task, nats, check));
  if (!found) return undefined;
  await list.check("domain", (check) => checkDomain(nats, found.consumer, check));
  if (task.checks === "all" && publishes.length > 0) {
    await list.check("publishes", (check) => checkPublishes(nats, publishes, check));
  }
  return { nats, consumer: found.consumer };
}

async function lookAtConsumer(
  { before, manage }: Task,
  nats: Nats,
  check: Check,
): Promise<Passed<Pick<Found, "consumer">>> {
  const consumer = await readConsumer(nats);
  const { serverVersion } = nats.session;
  if (nats.config.maximumAgeMs !== undefined && isBefore210(serverVersion)) {
    throw new Error(
      `MAXIMUM_RECORD_AGE needs nats-server 2.10 or later, which tells its time, and this one is ${serverVersion}: leave it unset`,
    );
  }
  if (consumer) {
    compareConsumer(nats.config, consumer, check);
    return { value: { consumer }, text: `consumer ${consumer.name} fits: ${standing(consumer)}` };
  }
  if (manage === "verify") throw missing(nats.config);
  if (isAbout(before, nats.config.consumer)) check.warn(madeAnew(nats.config));
  return { value: { consumer }, text: "there is no such consumer yet, and it can be made" };
}

async function conclude({ consumer, nats }: Found, list: Checklist): Promise<Checked | undefined> {
  const { config } = nats;
  if (consumer) return { config, summary: standing(consumer), made: false };
  const summary = await list.check("creation", () => makeConsumer(nats));
  return summary === undefined ? undefined : { config, summary, made: true };
}
