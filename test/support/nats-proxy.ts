// TCP in front of a NATS server, so that a test can break the link at the very byte it wants.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** `pass` as it comes; `pause` keeps everything for later; `drop` loses it, as a link does that is half open. */
type Mode = "pass" | "pause" | "drop";

/** Sees what a client writes before the server does, and answers with what goes on to it. */
export type Watch = (bytes: Buffer) => Buffer;

export interface NatsProxy extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open now. */
  readonly connections: number;
  /** Both directions, all connections, from the next byte on; also from within a watch, for what follows it. */
  setMode(mode: Mode): void;
  /** Each chunk of bytes comes so much later, in either direction. */
  setDelay(ms: number): void;
  /** Undefined: nobody looks. */
  watch(watch: Watch | undefined): void;
  /** Resets all connections; new ones are taken. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startNatsProxy(target: { readonly port: number }): Promise<NatsProxy> {
  const link: { mode: Mode } = { mode: "pass" };
  let delayMs = 0;
  let watching: Watch | undefined;
  const pairs = new Set<readonly [Socket, Socket]>();
  let resumed = Promise.withResolvers<void>();

  /** One direction of one connection; chunks keep their order, whatever happens to them. */
  function pipe(from: Socket, to: Socket, look: (bytes: Buffer) => Buffer): void {
    let before = Promise.resolve();
    const pass = async (bytes: Buffer): Promise<void> => {
      if (delayMs > 0) await sleep(delayMs);
      while (link.mode === "pause") await resumed.promise;
      if (link.mode === "pass" && !to.destroyed) to.write(look(bytes));
    };
    from.on("data", (bytes: Buffer) => {
      before = before.then(() => pass(bytes));
    });
    // The other side is told only after everything before has arrived there, and never by a reset: that would take
    // away from it what it has not read yet.
    from.on("close", () => void before.then(() => to.end()));
    from.on("end", () => void before.then(() => to.end()));
    from.on("error", () => {});
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ port: target.port, host: "127.0.0.1", noDelay: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    pipe(client, upstream, (bytes) => watching?.(bytes) ?? bytes);
    pipe(upstream, client, (bytes) => bytes);
    client.on("close", () => pairs.delete(pair));
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");

  const proxy: NatsProxy = {
    url: `nats://127.0.0.1:${port}`,
    get connections() {
      return pairs.size;
    },
    setMode(next) {
      link.mode = next;
      resumed.resolve();
      resumed = Promise.withResolvers<void>();
    },
    setDelay(ms) {
      delayMs = ms;
    },
    watch(watch) {
      watching = watch;
    },
    cut() {
      for (const pair of pairs) pair.forEach((socket) => socket.resetAndDestroy());
    },
    async stop() {
      proxy.setMode("drop");
      const closed = once(server, "close");
      server.close();
      proxy.cut();
      await closed;
    },
    [Symbol.asyncDispose]: () => proxy.stop(),
  };
  return proxy;
}
