/** The end of a consumer, where the stack that made it is told to take it along. */
import { dialerOf } from "../bridge.ts";
import { loginOf } from "../login.ts";
import { apiSubjects, type ConsumerAnswer, ConsumerNotFound, readAnswer } from "../source/api.ts";
import type { CheckPorts } from "./checks.ts";
import { isOurs } from "../source/consumer-update.ts";
import { connectPatiently } from "./connect.ts";
import { load } from "./load.ts";
import type { ConsumerNames } from "./request.ts";

/** Removes what a bridge has made, and nothing else; says what it did. Rejects when it could not. */
export async function removeConsumer(
  { consumer, stream }: ConsumerNames,
  { connectMs, host, loadEntry, login }: CheckPorts,
): Promise<string> {
  const { config } = await load(loadEntry, host);
  const { apiPrefix, timeoutMs } = config.nats;
  const subjects = apiSubjects(apiPrefix, stream, consumer);
  const what = `consumer ${consumer} of stream ${stream}`;
  const check = { waitsFor: (): void => undefined };
  const dial = dialerOf(config, loginOf(config.nats, login).identities);
  const session = await connectPatiently(dial, connectMs, check);
  try {
    const info = await session.request(subjects.consumerInfo, "", timeoutMs);
    if (!isOurs(readAnswer<ConsumerAnswer>(info, what).config)) {
      return `${what} was made by somebody else, and stays`;
    }
    readAnswer(await session.request(subjects.consumerDelete, "", timeoutMs), `deleting ${what}`);
    return `${what} is deleted, and its position with it`;
  } catch (error) {
    if (error instanceof ConsumerNotFound) return `${what} was gone already`;
    throw error;
  } finally {
    await session.close(timeoutMs);
  }
}
