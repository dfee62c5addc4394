/** What arrives at the server on `$JS.API.…` and `$JS.ACK.…`, and what it answers. */
import type { World } from "../world.ts";
import type { ModelConfig } from "./consumer-config.ts";
import type { ModelConsumer } from "./model-consumer.ts";
import type { Connection, ModelServer } from "./model-server.ts";
import type { ModelStream } from "./model-stream.ts";

const API = "$JS.API.";
const NANOS_PER_MS = 1_000_000;

interface Request {
  readonly connection: Connection;
  readonly tokens: readonly string[];
  readonly payload: string;
  readonly reply: string;
}

const NO_RESPONDERS = 503;

/** What arrives from a client. */
interface Arrived {
  readonly subject: string;
  readonly payload: string;
  readonly reply: string;
  readonly headers: ReadonlyMap<string, string>;
}

export function receive(
  world: World,
  server: ModelServer,
  connection: Connection,
  arrived: Arrived,
): void {
  const { subject, payload, reply } = arrived;
  if (subject.startsWith("$JS.ACK.")) {
    ack(server, connection, subject, payload, reply);
  } else if (subject.startsWith(API)) {
    const tokens = subject.slice(API.length).split(".");
    api(world, server, { connection, tokens, payload, reply });
  } else {
    published(world, server, connection, arrived);
  }
}

/** A stream takes it, unless it has it already under the same id, and says so. */
function published(
  world: World,
  server: ModelServer,
  connection: Connection,
  { subject, payload, reply, headers }: Arrived,
): void {
  const fate = server.publishing();
  if (fate === "lost") return;
  const say = (text: string, status = 0): void => {
    if (reply !== "" && fate !== "answer lost") connection.reply(reply, status, text);
  };
  if (fate === "refused") return say(JSON.stringify(failure(503, 10_077, "maximum messages")));
  const stream = server.streamOf(subject);
  if (!stream) return say("", NO_RESPONDERS);
  const id = headers.get("Nats-Msg-Id");
  const before = id === undefined ? undefined : stream.remembered(id, world.now);
  if (before !== undefined)
    return say(JSON.stringify({ stream: stream.name, seq: before, duplicate: true }));
  const kept = new Map([...headers].map(([name, value]) => [name, [value]]));
  const message = { subject, data: Buffer.from(payload), headers: kept, uid: 0 };
  const stored = server.publish(message);
  if (stored && id !== undefined) stream.remember(id, stored.sequence, world.now);
  say(JSON.stringify({ stream: stream.name, seq: stored?.sequence }));
}

function ack(
  server: ModelServer,
  connection: Connection,
  subject: string,
  payload: string,
  reply: string,
): void {
  const result = server.ack(connection, subject, payload, reply);
  if (reply === "" || result === "lost") return;
  connection.reply(reply, result === "nobody" ? NO_RESPONDERS : 0, "");
}

function api(world: World, server: ModelServer, request: Request): void {
  const [kind, action, third = "", fourth = ""] = request.tokens;
  if (!server.hasLeader) return leaderless(request);
  switch (`${kind}.${action}`) {
    case "CONSUMER.INFO":
      return withConsumer(server, request, third, fourth, (consumer) => {
        server.watcher.informed(request.connection, consumer.unsettledAtRest);
        return infoOf(server, consumer);
      });
    case "CONSUMER.CREATE":
      return answer(request, createConsumer(server, third, fourth, request.payload));
    case "CONSUMER.DELETE":
      return withConsumer(server, request, third, fourth, () => ({
        success: server.deleteConsumer(third, fourth),
      }));
    case "CONSUMER.PAUSE":
      if (!server.behaviour.canPause) return undefined;
      return withConsumer(server, request, third, fourth, (consumer) =>
        pause(world, consumer, request.payload),
      );
    case "CONSUMER.MSG":
      return pull(server, request);
    case "STREAM.INFO":
      return withStream(server, request, third, (stream) => streamInfo(stream));
    case "STREAM.CREATE":
      return answer(request, createStream(server, third, request.payload));
    case "STREAM.DELETE":
      return withStream(server, request, third, () => {
        server.deleteStream(third);
        return { success: true };
      });
    case "STREAM.PURGE":
      return withStream(server, request, third, (stream) => ({
        success: true,
        purged: server.purge(stream, 0).length,
      }));
    default:
      // What the server does not know it does not answer.
      return undefined;
  }
}

/** Nobody listens to pulls then; the API says that it has no leader. */
function leaderless(request: Request): void {
  if (request.tokens[1] === "MSG") request.connection.status(request.reply, NO_RESPONDERS, "");
  else answer(request, failure(503, 10_008, "JetStream system temporarily unavailable"));
}

function pull(server: ModelServer, request: Request): void {
  const [, , , stream = "", name = ""] = request.tokens;
  const consumer = server.consumer(stream, name);
  if (!consumer) {
    if (server.behaviour.missingConsumer === 503) {
      request.connection.status(request.reply, NO_RESPONDERS, "");
    }
    return;
  }
  const wanted = JSON.parse(request.payload) as {
    batch?: number;
    max_bytes?: number;
    no_wait?: boolean;
    expires?: number;
  };
  consumer.pull(request.connection, request.reply, {
    batch: wanted.batch ?? 1,
    maxBytes: wanted.max_bytes ?? 0,
    noWait: wanted.no_wait ?? false,
    expiresMs: (wanted.expires ?? 0) / NANOS_PER_MS,
  });
}

function withStream(
  server: ModelServer,
  request: Request,
  name: string,
  act: (stream: ModelStream) => unknown,
): void {
  const stream = server.stream(name);
  answer(request, stream ? act(stream) : failure(404, 10_059, "stream not found"));
}

function withConsumer(
  server: ModelServer,
  request: Request,
  stream: string,
  name: string,
  act: (consumer: ModelConsumer) => unknown,
): void {
  withStream(server, request, stream, () => {
    const consumer = server.consumer(stream, name);
    return consumer ? act(consumer) : failure(404, 10_014, "consumer not found");
  });
}

function answer(request: Request, body: unknown): void {
  if (request.reply !== "") request.connection.reply(request.reply, 0, JSON.stringify(body));
}

function failure(code: number, errorCode: number, description: string): unknown {
  return { error: { code, err_code: errorCode, description } };
}

function createStream(server: ModelServer, name: string, payload: string): unknown {
  if (server.stream(name)) return streamInfo(server.stream(name) as ModelStream);
  const config = JSON.parse(payload) as { subjects?: string[]; retention?: "limits" | "workqueue" };
  return streamInfo(
    server.createStream(name, config.subjects ?? [name], config.retention ?? "limits"),
  );
}

function createConsumer(
  server: ModelServer,
  streamName: string,
  name: string,
  payload: string,
): unknown {
  const stream = server.stream(streamName);
  if (!stream) return failure(404, 10_059, "stream not found");
  const { config, action } = JSON.parse(payload) as { config: ModelConfig; action?: string };
  const existing = server.consumer(streamName, name);
  if (!existing) return infoOf(server, server.createConsumer(stream, name, config));
  const isSame = JSON.stringify(existing.config) === JSON.stringify(config);
  if (!isSame && action === "create" && server.behaviour.refusesOtherConfig) {
    return failure(400, 10_148, "consumer already exists");
  }
  return infoOf(server, existing);
}

function pause(world: World, consumer: ModelConsumer, payload: string): unknown {
  const until = (JSON.parse(payload || "{}") as { pause_until?: string }).pause_until;
  const remaining = until === undefined ? 0 : Date.parse(until) - Date.now();
  consumer.pause(world.now + Math.max(0, remaining));
  return { paused: remaining > 0 };
}

function streamInfo(stream: ModelStream): unknown {
  return {
    created: stream.created,
    // By that, and nothing else, a fault makes messages expire.
    config: {
      name: stream.name,
      subjects: stream.subjects,
      retention: stream.retention,
      allow_msg_ttl: true,
    },
    state: { messages: stream.size, first_seq: stream.first, last_seq: stream.last },
  };
}

function infoOf(server: ModelServer, consumer: ModelConsumer): unknown {
  const { canPause, hasTime } = server.behaviour;
  return {
    stream_name: consumer.stream.name,
    name: consumer.name,
    created: consumer.created,
    config: consumer.config,
    delivered: { consumer_seq: consumer.consumerSequence, stream_seq: consumer.deliveredStream },
    ack_floor: { stream_seq: consumer.ackFloor },
    num_ack_pending: consumer.numAckPending,
    num_redelivered: consumer.numRedelivered,
    num_waiting: consumer.waiting.size,
    num_pending: consumer.numPending,
    ...(server.leader !== undefined && { cluster: { leader: server.leader } }),
    ...(hasTime && { ts: server.time }),
    ...(canPause && { paused: consumer.isPaused }),
    ...(canPause &&
      consumer.isPaused && { pause_remaining: consumer.pauseRemainingMs * NANOS_PER_MS }),
  };
}
