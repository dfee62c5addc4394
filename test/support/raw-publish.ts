// Publishes bytes as they are, over a socket: a client would refuse or change many of them.
import { once } from "node:events";
import { connect } from "node:net";

export interface RawMessage {
  readonly subject: string;
  /** Lines as they go over the wire, without their CR LF: `Name: value`. Undefined: a message without headers. */
  readonly headers?: readonly (string | Uint8Array)[];
  readonly data: Uint8Array;
}

/** Returns when the server has read all of it. */
export async function rawPublish(port: number, messages: readonly RawMessage[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let said = "";
  socket.setEncoding("latin1").on("data", (text) => (said += String(text)));
  await once(socket, "connect");
  socket.write(`CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n`);
  for (const message of messages) socket.write(wireOf(message));
  socket.write("PING\r\n");
  while (!said.includes("PONG\r\n") && !said.includes("-ERR")) await once(socket, "data");
  socket.destroy();
  if (said.includes("-ERR")) throw new Error(`the server refused it: ${said.trim()}`);
}

function wireOf({ subject, headers, data }: RawMessage): Buffer {
  const end = Buffer.from("\r\n");
  if (!headers) {
    return Buffer.concat([Buffer.from(`PUB ${subject} ${data.length}\r\n`), data, end]);
  }
  const lines = ["NATS/1.0", ...headers, ""].flatMap((line) => [Buffer.from(line), end]);
  const block = Buffer.concat(lines);
  const command = `HPUB ${subject} ${block.length} ${block.length + data.length}\r\n`;
  return Buffer.concat([Buffer.from(command), block, data, end]);
}
