// A server of its own for a group of tests, and an operator who may do everything on it: gone after the last of them.
import { afterAll } from "vitest";
import { operate, type Operator } from "./jetstream.ts";
import { type RunningServer, startNatsServer } from "./nats-server.ts";

interface OperatedServer {
  readonly server: RunningServer;
  readonly operator: Operator;
}

/** Without `binary` the tests of the group are skipped, and nothing is started. */
export async function operatedServer(binary: string | undefined): Promise<OperatedServer> {
  if (binary === undefined) return {} as OperatedServer;
  const server = await startNatsServer({ binary });
  const operator = await operate(server.url);
  afterAll(async () => {
    await operator.close();
    await server.stop();
  });
  return { server, operator };
}
