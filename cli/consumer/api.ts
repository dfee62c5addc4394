/** The consumer over one connection of its own. */
import { systemClock } from "../../functions/bridge/clock.ts";
import type { Config } from "../../functions/bridge/config.ts";
import { apiSubjects, type ConsumerAnswer, readAnswer } from "../../functions/bridge/source/api.ts";
import { dialer } from "../../functions/bridge/source/connection.ts";
import { ConsumerApi, type Info } from "../../functions/bridge/source/consumer-api.ts";
import type { WantedConsumer } from "../../functions/bridge/source/consumer.ts";
import type { Identities } from "../../functions/bridge/source/identity.ts";
import { isBefore210 } from "../../functions/bridge/source/incarnation.ts";
import { ANSWERS_ONLY, Session } from "../../functions/bridge/source/session.ts";

const ignore = (): void => undefined;

/** Each rejects with a `SourceError`. */
export interface OpenConsumer {
  readonly serverVersion: string;
  /** The stream is undefined without the permission for STREAM.INFO. */
  info(): Promise<Info>;
  /** All settings: what is left out goes back to its default. Answers with what it is then. */
  change(config: ConsumerAnswer["config"]): Promise<ConsumerAnswer>;
  remove(): Promise<void>;
  close(): Promise<void>;
}

export async function openConsumer(
  nats: Config["nats"],
  identities: Identities,
  wanted: WantedConsumer,
): Promise<OpenConsumer> {
  const { apiPrefix, timeoutMs } = nats;
  const { consumer, stream } = wanted;
  const subjects = apiSubjects(apiPrefix, stream, consumer);
  const dial = dialer({ ...nats, name: "jetstream-aws-bridge consumer" }, identities);
  const session = await Session.open(dial, systemClock, ANSWERS_ONLY);
  const api = new ConsumerApi({ observe: ignore, wanted, subjects, timeoutMs });
  async function ask<T>(subject: string, what: string, body: object | undefined): Promise<T> {
    const payload = body === undefined ? "" : JSON.stringify(body);
    return readAnswer<T>(await session.request(subject, payload, timeoutMs), what);
  }
  return {
    serverVersion: session.serverVersion,
    info: () => api.info(session),
    async change(config) {
      // From 2.10 on an update of something that is gone fails instead of making it anew.
      const action = isBefore210(session.serverVersion) ? {} : { action: "update" };
      const { filter_subject: single, filter_subjects: several = [] } = config;
      const subject = subjects.consumerCreate(single ? [single] : several);
      const what = `changing consumer ${consumer} of stream ${stream}`;
      return ask(subject, what, { stream_name: stream, config, ...action });
    },
    async remove() {
      await ask(subjects.consumerDelete, `deleting consumer ${consumer}`, undefined);
    },
    close: () => session.close(timeoutMs),
  };
}
