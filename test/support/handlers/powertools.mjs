// An SQS handler after the documentation of Powertools for AWS Lambda: each record by itself, failures reported.
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";

const processor = new BatchProcessor(EventType.SQS);

const recordHandler = async (record) => {
  if (record.body) {
    const order = JSON.parse(record.body);
    if (order.items === 0) throw new Error(`order ${order.number} has no items`);
    console.log(`shipped ${order.number}`);
  }
};

export const handler = async (event, context) =>
  processPartialResponse(event, recordHandler, processor, { context });
