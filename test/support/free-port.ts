import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";

/**
 * A free port on 127.0.0.1, below the range from which systems take the ports of outgoing connections. A port from
 * within that range can be lost while its server is down: to some other connection, or to a client that reconnects so
 * eagerly that it ends up connected to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(15_000, 32_000);
    if (await canListen(port)) return port;
  }
  throw new Error("no free port found on 127.0.0.1 between 15000 and 32000 in 100 tries");
}

/** Asks the port and not the process table, where a dead orphan may linger until somebody collects it. */
export async function answers(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function canListen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
    server.close(() => resolve(true));
  });
  return promise;
}
