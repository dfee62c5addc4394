// Writes over all the memory it can reach from a message, and then throws, or rejects, with what the message said.
import { onMessage, reject } from "jetstream-aws-bridge/handler";

export const handler = onMessage((message) => {
  const said = message.text();
  new Uint8Array(message.data.buffer).fill(0x78);
  if (said.startsWith("throw")) throw new Error(said);
  return reject(said);
});
