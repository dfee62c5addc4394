// A queue in which whoever publishes rings, and what Lambda does with it: an event source mapping.
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Invoked } from "../../test/support/runtime-api.ts";
import type { LocalSqs } from "../../test/support/sqs.ts";

const RING = '{"version":1,"kind":"ring"}';

const REGION = "us-east-1";

/** As AWS asks for it: no shorter than the function may run. */
const BEYOND_TIMEOUT_S = 30;

export class Doorbell {
  readonly url: string;
  readonly #client: SQSClient;
  readonly #stopped = new AbortController();

  /**
   * In AWS rather a FIFO queue with one group, so that one batch is answered at a time. fauxqs gives a batch of such a
   * queue one message, where SQS gives up to ten.
   */
  static async hang(sqs: LocalSqs, functionTimeoutMs: number): Promise<Doorbell> {
    const visibility = functionTimeoutMs / 1000 + BEYOND_TIMEOUT_S;
    const url = await sqs.createQueue("orders-doorbell", {
      VisibilityTimeout: String(visibility),
    });
    return new Doorbell(sqs, url);
  }

  private constructor({ endpoint }: LocalSqs, url: string) {
    this.url = url;
    this.#client = new SQSClient({
      endpoint,
      useQueueUrlAsEndpoint: false,
      region: REGION,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
  }

  async ring(times: number): Promise<void> {
    const Entries = Array.from({ length: times }, (_, i) => ({
      Id: String(i),
      MessageBody: RING,
    }));
    await this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }));
  }

  /** Hands every batch of rings to the function, one batch at a time, until `stop`. What it does not answer stays. */
  async answerWith(invoke: (event: unknown, rings: number) => Promise<Invoked>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const rings = await this.#receive(signal).catch((error: unknown) => {
        if (signal.aborted) return [];
        throw error;
      });
      if (rings.length === 0) continue;
      const invoked = await invoke({ Records: rings.map((ring) => recordOf(ring)) }, rings.length);
      if (!signal.aborted) await this.#remove(answered(rings, invoked));
    }
  }

  stop(): void {
    this.#stopped.abort();
    this.#client.destroy();
  }

  async #receive(abortSignal: AbortSignal): Promise<readonly Message[]> {
    const receive = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 20,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    });
    const { Messages = [] } = await this.#client.send(receive, { abortSignal });
    return Messages;
  }

  async #remove(rings: readonly Message[]): Promise<void> {
    if (rings.length === 0) return;
    const Entries = rings.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
  }
}

/** All but those that are named in the answer; none when there is no answer. */
function answered(rings: readonly Message[], invoked: Invoked): readonly Message[] {
  if (invoked.kind !== "returned") return [];
  const { batchItemFailures } = (invoked.value ?? {}) as {
    batchItemFailures?: readonly { readonly itemIdentifier: string }[] | null;
  };
  const failed = new Set((batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  return rings.filter(({ MessageId = "" }) => !failed.has(MessageId));
}

/** As Lambda hands over a message of a queue. */
function recordOf(message: Message): unknown {
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(
      attributes.map(([name, { DataType, StringValue }]) => [
        name,
        {
          stringValue: StringValue,
          stringListValues: [],
          binaryListValues: [],
          dataType: DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${REGION}:000000000000:orders-doorbell`,
    awsRegion: REGION,
  };
}
