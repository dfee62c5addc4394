/** An SQS message that the bridge has sent → payload and headers as they were published. */

/** As `ReceiveMessage` of the AWS SDK gives it, called with `MessageAttributeNames: ["All"]`. */
export interface ReceivedMessage {
  readonly Body?: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

const OURS = /^(nats-(id|subject|encoding|headers)|dead-letter-.*)$/;

export function readSqsMessage({ Body = "", MessageAttributes = {} }: ReceivedMessage): {
  readonly data: Buffer;
  readonly headers: ReadonlyMap<string, readonly string[]>;
} {
  const text = (name: string): string | undefined => MessageAttributes[name]?.StringValue;
  const isEmpty = text("nats-encoding") === "empty";
  const data = Buffer.from(
    isEmpty ? "" : Body,
    text("nats-encoding") === "base64" ? "base64" : "utf8",
  );
  const headers = new Map<string, readonly string[]>(
    Object.entries(JSON.parse(text("nats-headers") ?? "{}") as Record<string, string[]>),
  );
  for (const [name, { StringValue = "" }] of Object.entries(MessageAttributes)) {
    if (!OURS.test(name)) headers.set(name, [StringValue]);
  }
  return { data, headers };
}
