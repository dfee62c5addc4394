/** Straight to the bridge's target: the same entries as the bridge would send, under the same ids. */
import type { Config } from "../../functions/bridge/config.ts";
import type { Delivery, Outcome } from "../../functions/bridge/core/outcome.ts";
import { pack } from "../../functions/bridge/core/packing.ts";
import {
  isRejected,
  type Message,
  type Observe,
  type Sink,
} from "../../functions/bridge/core/ports.ts";
import { callTimeoutOf, sinkOf } from "../../functions/bridge/targets.ts";
import type { Item, Sender, Sent } from "./ports.ts";

interface Prepared {
  readonly position: number;
  readonly entry: unknown;
}

/** Rejects when the target cannot be used. */
export async function targetSender(config: Config, observe: Observe): Promise<Sender> {
  const sink = await sinkOf(config, observe);
  const timeoutMs = callTimeoutOf(config);
  const notReady = await sink.ready(AbortSignal.timeout(timeoutMs));
  if (notReady?.kind === "unavailable") throw new Error(notReady.reason);
  return senderOf(sink, config, timeoutMs);
}

export function senderOf(
  sink: Sink,
  { consumer, origin }: Pick<Config, "consumer" | "origin">,
  timeoutMs: number,
): Sender {
  function prepare(item: Item): unknown {
    if (item.letter.origin !== origin) {
      const given = `its origin is ${item.letter.origin}, and this bridge's is ${origin}`;
      return { rejected: `${given}: set JETSTREAM_STREAM or ORIGIN_NAME to those of its bridge` };
    }
    return sink.prepare(messageOf(item, consumer));
  }

  return {
    // Where one may fail all that travel with it, each travels alone: they are dead letters, after all.
    atOnce: sink.limits.aloneIsEvidence ? 1 : sink.limits.entries,
    async send(items) {
      const sent: Sent[] = items.map(() => ({ kind: "failed", reason: "not sent" }));
      let left: readonly Prepared[] = items.flatMap((item, position) => {
        const entry = prepare(item);
        if (!isRejected(entry)) return { position, entry };
        sent[position] = { kind: "refused", reason: entry.rejected };
        return [];
      });
      let stop: string | undefined;
      while (left.length > 0 && stop === undefined) {
        const [call = []] = pack(left, sink.limits, ({ entry }) => sink.size(entry));
        left = left.slice(call.length);
        const entries = call.map(({ entry }) => entry);
        const delivery = await sink.deliver(entries, AbortSignal.timeout(timeoutMs));
        stop = stopOf(delivery);
        for (const [at, { position }] of call.entries()) sent[position] = sentOf(delivery, at);
      }
      return { sent, ...(stop !== undefined && { stop }) };
    },
    close: () => Promise.resolve(),
  };
}

function messageOf({ content, letter }: Item, { consumer, stream }: Config["consumer"]): Message {
  return {
    stream: letter.stream ?? stream,
    consumer,
    subject: letter.subject,
    streamSequence: letter.streamSequence,
    consumerSequence: 0,
    deliveryCount: 1,
    timestampNanos: letter.timestampNanos,
    data: content.data,
    headers: content.headers,
  };
}

function stopOf(delivery: Delivery): string | undefined {
  return delivery.kind === "unavailable" ? delivery.reason : delivery.stop;
}

function sentOf(delivery: Delivery, at: number): Sent {
  if (delivery.kind === "unavailable") return { kind: "failed", reason: delivery.reason };
  const outcome: Outcome = delivery.outcomes[at] ?? { kind: "unknown", reason: "no outcome" };
  switch (outcome.kind) {
    case "accepted":
      return { kind: "stored", where: outcome.receipt, leftOut: [] };
    case "rejected":
      return { kind: "refused", reason: outcome.reason };
    case "failed":
    case "postponed":
    case "unknown":
      return { kind: "failed", reason: outcome.reason };
  }
}
