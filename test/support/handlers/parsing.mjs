// Reads a batch in one go, as the first version of a handler does, and acknowledges all of it.
import { onMessages } from "jetstream-aws-bridge/handler";

export const handler = onMessages((messages) => {
  for (const message of messages) message.json();
});
