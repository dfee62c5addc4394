/** Writes each order into a DynamoDB table, once, however often it is delivered: an example with a schema. */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { onMessage, reject } from "jetstream-aws-bridge/handler";
import * as v from "valibot";

/** Its partition key is `messageId`, a string. */
const TABLE_NAME = process.env["TABLE_NAME"];
if (!TABLE_NAME) throw new Error("TABLE_NAME: given nothing, expected the name of a table");

/** One for all messages. Region, credentials and AWS_ENDPOINT_URL it finds by itself. */
const dynamodb = new DynamoDBClient();

/** Any library that speaks Standard Schema will do. */
const Order = v.object({
  id: v.string(),
  total: v.pipe(v.number(), v.minValue(0)),
  note: v.optional(v.string()),
});

export const handler = onMessage(
  async (message, { log, signal }) => {
    const { id, note, total } = message.json(); // an Order: what is none was rejected for you, with the issues
    const put = new PutItemCommand({
      TableName: TABLE_NAME,
      Item: {
        messageId: { S: message.id }, // the same on every redelivery
        order: { S: id },
        total: { N: String(total) },
        ...(note !== undefined && { note: { S: note } }),
      },
      ConditionExpression: "attribute_not_exists(messageId)",
    });
    try {
      await dynamodb.send(put, { abortSignal: signal });
      log.info("written", { order: id });
    } catch (error) {
      if (isTooLarge(error)) return reject(`order ${id} is larger than an item may be`);
      // Throttled, unreachable, forbidden: again after a growing delay. There already: an earlier try has written it.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    return undefined; // ack
  },
  { schema: Order },
);

/** DynamoDB has no name of its own for that: a ValidationException is also what a wrong key gets. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Item size has exceeded");
}
