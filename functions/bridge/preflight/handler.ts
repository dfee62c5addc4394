/**
 * The preflight of a bridge, as a custom resource of CloudFormation: in the bridge's own bundle, role, network and
 * environment it checks, while deploying, that the bridge would work, makes the consumer if that is asked for, and fails
 * the deployment with the reason otherwise. Every request is answered: without an answer CloudFormation waits for an hour.
 */
import { systemClock } from "../clock.ts";
import type { Ms, Observe } from "../core/ports.ts";
import {
  LEVELS,
  type Log,
  logger,
  type LogLevel,
  type Scrubber,
  scrubber,
} from "../observe/log.ts";
import type { Host, LambdaContext } from "../wake/host.ts";
import { type Answer, deliverAnswer, putByFetch, responseText } from "./answer.ts";
import { checkAll, type CheckPorts } from "./checks.ts";
import { Checklist, type Finding } from "./checklist.ts";
import { type LoadEntry, secretsOf } from "./load.ts";
import { failed, succeeded, tooLate } from "./outcome.ts";
import { removeConsumer } from "./remove.ts";
import {
  type CloudFormationRequest,
  idOfNothing,
  isDeleteAsked,
  namesIn,
  taskOf,
} from "./request.ts";

export type PreflightHandler = (
  event: CloudFormationRequest,
  context: LambdaContext,
) => Promise<void>;

/** To answer, with an attempt or two more: at most, and of what is granted. */
const MOST_RESERVE_MS = 8000;
const RESERVED_PART = 1 / 3;

/** What is tried again is tried for so long, or for this part of the time. */
const MOST_CONNECT_MS = 15_000;
const MOST_ACCESS_MS = 30_000;
const PATIENT_PART = 1 / 2;

/** Nothing is read before the first request, since an error while loading would leave it without an answer. */
export function preflightHandler(
  host: Pick<Host, "environment" | "readFile" | "write">,
  loadEntry: LoadEntry,
): PreflightHandler {
  return async (request, context) => {
    const granted = context.getRemainingTimeInMillis();
    const startedAt = systemClock.now();
    const secrets = attempt(() => secretsOf(host)) ?? [];
    const scrub = scrubber([...secrets, request.ResponseURL]);
    const log = logOf(host, scrub);
    const observe: Observe = (event, details) => log(LEVELS[event] ?? "info", event, details);
    const checkMs = granted - Math.min(MOST_RESERVE_MS, granted * RESERVED_PART);
    const patience = (mostMs: Ms): Ms => Math.min(mostMs, checkMs * PATIENT_PART);
    const ports: CheckPorts = {
      host,
      loadEntry,
      login: { observe, learn: scrub.learn },
      connectMs: patience(MOST_CONNECT_MS),
      accessUntil: startedAt + patience(MOST_ACCESS_MS),
    };
    const answer = scrubbed(await answerTo(request, ports, log, checkMs), scrub);
    log(answer.Status === "SUCCESS" ? "info" : "error", "preflight", { ...answer });
    await deliverAnswer(request.ResponseURL, responseText(request, answer), {
      put: putByFetch,
      clock: systemClock,
      until: startedAt + granted - 200,
    });
  };
}

async function answerTo(
  request: CloudFormationRequest,
  ports: CheckPorts,
  log: Log,
  checkMs: Ms,
): Promise<Answer> {
  if (request.RequestType === "Delete") return answerToDelete(request, ports, log, checkMs);
  const list = new Checklist((finding) =>
    log(LEVEL[finding.result], "preflight-check", { ...finding }),
  );
  try {
    const task = taskOf(request);
    const checked = await inTime(checkAll(task, ports, list), checkMs);
    // The checks go on while it is answered, and in a sandbox that is woken again: they must not make a consumer then.
    if (checked === TOO_LATE) list.fail("time", tooLate(list, checkMs));
    if (!checked || checked === TOO_LATE) return failed(request, list.failures);
    return succeeded(request, checked, list);
  } catch (error) {
    return failed(request, [(error as Error).message]);
  }
}

const LEVEL: Readonly<Record<Finding["result"], LogLevel>> = {
  ok: "info",
  warning: "warn",
  failure: "error",
};

/** A stack can always be deleted: what goes wrong is in the log. */
async function answerToDelete(
  request: CloudFormationRequest,
  ports: CheckPorts,
  log: Log,
  checkMs: Ms,
): Promise<Answer> {
  const { PhysicalResourceId = idOfNothing(request) } = request;
  const names = namesIn(PhysicalResourceId);
  let Reason = "nothing to delete";
  if (names && isDeleteAsked(request)) {
    try {
      const done = await inTime(removeConsumer(names, ports), checkMs);
      if (done === TOO_LATE) throw new Error("NATS did not answer in time");
      Reason = done;
    } catch (error) {
      Reason = `consumer ${names.consumer} of stream ${names.stream} is left: ${(error as Error).message}`;
      log("error", "consumer-left", { reason: Reason });
    }
  }
  return { Status: "SUCCESS", Reason, PhysicalResourceId };
}

const TOO_LATE = Symbol("too late");

async function inTime<T>(work: Promise<T>, ms: Ms): Promise<T | typeof TOO_LATE> {
  const over = new AbortController();
  const timeOut = systemClock.sleep(ms, over.signal).then((): typeof TOO_LATE => TOO_LATE);
  try {
    return await Promise.race([work, timeOut]);
  } finally {
    over.abort("over");
    work.catch(() => undefined);
  }
}

function logOf(host: Pick<Host, "write">, scrub: Scrubber): Log {
  return logger({ level: "info", scrub, write: (line) => host.write(line), now: Date.now });
}

function scrubbed(answer: Answer, scrub: (text: string) => string): Answer {
  return { ...answer, Reason: scrub(answer.Reason) };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
