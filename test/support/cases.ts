// Messages by name, published as raw bytes and read again from what arrived.
import { expect } from "vitest";
import { type Parts, type Route, stored } from "./parts.ts";
import { rawPublish, type RawMessage } from "./raw-publish.ts";
import { readSqsMessage } from "./read-sqs-message.ts";
import { isLegalName, isLegalText } from "./sqs-rules.ts";
import type { SqsMessage } from "./sqs.ts";

export interface Case {
  readonly name: string;
  readonly data?: Uint8Array | string;
  /** Header lines as they are published. */
  readonly lines?: readonly (string | Uint8Array)[];
  /** What has to come out of them; by default nothing. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}

/** Each to `<stream>.<its place>`; returns when the stream has them. */
export async function publishCases(
  parts: Parts,
  route: Route,
  cases: readonly Case[],
): Promise<void> {
  const messages = cases.map(({ data = "x", lines }, number): RawMessage => ({
    subject: `${route.stream}.${number}`,
    data: typeof data === "string" ? Buffer.from(data) : data,
    ...(lines && { headers: lines }),
  }));
  const { manager, server } = parts;
  const { state } = await manager.streams.info(route.stream);
  await rawPublish(server.port, messages);
  await stored(manager, route.stream, state.last_seq + cases.length);
}

/** What a receiver reads, by the name of the case; one that is odd shows up against `wanted`. */
export function readCases(
  cases: readonly Case[],
  messages: readonly SqsMessage[],
): Record<string, unknown> {
  const entries = messages.map((message) => {
    expectLegal(message);
    const number = Number(message.MessageAttributes?.["nats-subject"]?.StringValue?.split(".")[1]);
    const { data, headers } = readSqsMessage(message);
    return [
      cases[number]!.name,
      { data: data.toString("hex"), headers: Object.fromEntries(headers) },
    ];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

export function wantedOf(cases: readonly Case[]): Record<string, unknown> {
  const entries = cases.map(({ name, data = "x", headers = {} }) => {
    const hex = Buffer.from(data as string).toString("hex");
    return [name, { data: hex, headers }];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** By SQS's own rules, most of which the local one does not hold. */
function expectLegal({ Body, MessageAttributes = {} }: SqsMessage): void {
  const attributes = Object.entries(MessageAttributes);
  expect(attributes.length).toBeLessThanOrEqual(10);
  expect(isLegalText(Body)).toBe(true);
  for (const [name, { StringValue = "" }] of attributes) {
    expect([name, isLegalName(name)]).toEqual([name, true]);
    expect([name, isLegalText(StringValue)]).toEqual([name, true]);
  }
}
