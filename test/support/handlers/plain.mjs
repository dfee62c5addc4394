// An SQS handler as many are: it works through the batch, and throws when it cannot.
export const handler = async (event) => {
  for (const record of event.Records) {
    const order = JSON.parse(record.body);
    if (order.items === 0) throw new Error(`order ${order.number} has no items`);
    // What a bug in a native module looks like.
    if (order.items < 0) process.exit(1);
    console.log(`shipped ${order.number}`);
  }
};
