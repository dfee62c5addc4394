/** What is asked about the consumer and its stream, over a session. */
import type { Ms, Observe } from "../core/ports.ts";
import { OPERATOR_COMMAND } from "../observe/operator-command.ts";
import {
  type ApiSubjects,
  type ConsumerAnswer,
  ConsumerNotFound,
  readAnswer,
  type StreamAnswer,
} from "./api.ts";
import { consumerConfig, differences, surprises, type WantedConsumer } from "./consumer.ts";
import { isBefore210 } from "./incarnation.ts";
import type { Session } from "./session.ts";
import { SourceError } from "./source-error.ts";

export type Info = readonly [ConsumerAnswer, StreamAnswer | undefined];

export interface ConsumerApiOptions {
  readonly observe: Observe;
  readonly wanted: WantedConsumer;
  readonly subjects: ApiSubjects;
  readonly timeoutMs: Ms;
}

export class ConsumerApi {
  readonly #options: ConsumerApiOptions;
  #streamInfoDenied = false;

  constructor(options: ConsumerApiOptions) {
    this.#options = options;
  }

  /** Consumer and stream in one write, one round trip. Rejects with a `SourceError`. */
  info(session: Session, timeoutMs: Ms = this.#options.timeoutMs): Promise<Info> {
    const { subjects, wanted } = this.#options;
    const what = `consumer ${wanted.consumer} of stream ${wanted.stream}`;
    const consumer = session
      .request(subjects.consumerInfo, "", timeoutMs)
      .then((wire) => readAnswer<ConsumerAnswer>(wire, what));
    return Promise.all([consumer, this.#streamInfo(session, timeoutMs)]);
  }

  /** Finds the consumer, or makes it where that is allowed, and refuses one that does not fit. */
  async ensure(
    session: Session,
    management: "create" | "verify" | "none",
  ): Promise<{ readonly info: Info; readonly made: boolean }> {
    let made = false;
    const { temporary } = this.#options.wanted;
    const replayEnd = temporary && (await this.#replayEnd(session));
    const info = await this.info(session).catch(async (error: unknown) => {
      if (!(error instanceof ConsumerNotFound) || management !== "create") throw error;
      await this.create(session, replayEnd);
      made = true;
      return this.info(session);
    });
    if (management !== "none") this.#compare(info[0]);
    return { info, made };
  }

  /**
   * Where a replay that begins now ends. Refused where the stream gives a message to one consumer only: a second one would
   * take it away.
   */
  async #replayEnd(session: Session): Promise<number> {
    const { subjects, timeoutMs, wanted } = this.#options;
    const stream = await this.#streamInfo(session, timeoutMs);
    if (!stream) {
      throw new SourceError(
        "refused",
        `a replay needs to know the stream: allow ${subjects.streamInfo}`,
      );
    }
    if (stream.config.retention === "workqueue") {
      throw new SourceError(
        "refused",
        `stream ${wanted.stream} is a work queue: what is settled is deleted, and what is not belongs to one consumer, so there is nothing to replay`,
      );
    }
    return stream.state.last_seq;
  }

  /** Best effort: the server removes a temporary consumer anyhow, later. */
  async remove(session: Session): Promise<void> {
    const { subjects, timeoutMs } = this.#options;
    await session.request(subjects.consumerDelete, "", timeoutMs);
  }

  #compare(consumer: ConsumerAnswer): void {
    const { observe, wanted } = this.#options;
    const differing = differences(consumer.config, wanted);
    if (differing.length > 0) {
      throw new SourceError(
        "refused",
        `consumer ${wanted.consumer} of stream ${wanted.stream} does not fit this bridge: ${differing.join("; ")}. ` +
          `Change it with \`${OPERATOR_COMMAND} consumer update\` where that is possible, or give the bridge a consumer of its own (JETSTREAM_CONSUMER)`,
      );
    }
    for (const surprise of surprises(consumer, wanted)) observe("consumer-differs", { surprise });
  }

  /** Fails where one of that name is there with other settings; before 2.10 that one is changed. See `consumerConfig`. */
  async create(session: Session, replayEnd?: number): Promise<void> {
    const { subjects, timeoutMs, wanted } = this.#options;
    if (wanted.filterSubjects.length > 1 && isBefore210(session.serverVersion)) {
      // It would make a consumer without any filter, and take part in retention with it.
      throw new SourceError(
        "refused",
        `several JETSTREAM_FILTER_SUBJECTS need nats-server 2.10 or later, and this one is ${session.serverVersion}`,
      );
    }
    const subject = subjects.consumerCreate(wanted.filterSubjects);
    // From 2.10 on a create of something that exists fails instead of changing it.
    const action = isBefore210(session.serverVersion) ? {} : { action: "create" };
    const config = consumerConfig(wanted, replayEnd);
    const payload = JSON.stringify({ stream_name: wanted.stream, config, ...action });
    const answer = await session.request(subject, payload, timeoutMs);
    readAnswer(answer, `creating consumer ${wanted.consumer} of stream ${wanted.stream}`);
  }

  async #streamInfo(session: Session, timeoutMs: Ms): Promise<StreamAnswer | undefined> {
    if (this.#streamInfoDenied) return undefined;
    const { observe, subjects, wanted } = this.#options;
    try {
      const wire = await session.request(subjects.streamInfo, "", timeoutMs);
      return readAnswer<StreamAnswer>(wire, `stream ${wanted.stream}`);
    } catch (error) {
      if (!(error instanceof SourceError) || error.end !== "refused") throw error;
      this.#streamInfoDenied = true;
      observe("stream-not-readable", {
        reason: error.message,
        consequence: "a stream that was made anew is only noticed by its consumer",
        advice: `allow ${subjects.streamInfo}`,
      });
      return undefined;
    }
  }
}
