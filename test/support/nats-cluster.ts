import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import {
  findNatsServer,
  type RunningServer,
  type StartOptions,
  startNatsServer,
} from "./nats-server.ts";

export type RunningCluster = {
  readonly nodes: readonly RunningServer[];
  /** All nodes, as one value of NATS_URL. */
  readonly url: string;
  /** Waits until all nodes that should be there are, and agree on a leader: after a `restart()` of one. */
  ready(): Promise<void>;
  stop(): Promise<void>;
};

/** Nodes that know each other by routes on loopback; when it answers, streams with as many replicas can be made. */
export async function startCluster(size = 3, options: StartOptions = {}): Promise<RunningCluster> {
  const binary = options.binary ?? (await findNatsServer()).path;
  const ports = await Promise.all(
    Array.from({ length: size }, async () => ({
      route: await freePort(),
      monitor: await freePort(),
    })),
  );
  const routes = ports.map(({ route }) => `"nats://127.0.0.1:${route}"`).join(", ");
  const nodes = await Promise.all(
    ports.map(({ route, monitor }, i) =>
      startNatsServer({
        binary,
        name: `n${i + 1}`, // untilAgreed() reads the number
        config: `http: "127.0.0.1:${monitor}"
          cluster { name: loopback, listen: "127.0.0.1:${route}", routes: [${routes}] }
          ${options.config ?? ""}`,
      }),
    ),
  );
  const monitors = ports.map(({ monitor }) => `http://127.0.0.1:${monitor}`);
  const cluster: RunningCluster = {
    nodes,
    url: nodes.map(({ url }) => url).join(","),
    ready: () => untilAgreed(monitors),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop("SIGKILL")));
    },
  };
  await cluster.ready().catch(async (error: unknown) => {
    await cluster.stop();
    throw error;
  });
  return cluster;
}

type MetaCluster = {
  readonly leader?: string;
  readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[];
};

async function untilAgreed(monitors: readonly string[], timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let seen: readonly (MetaCluster | undefined)[] = [];
  while (Date.now() < deadline) {
    seen = await Promise.all(monitors.map(metaCluster));
    const leader = seen[0]?.leader;
    const agreed = leader && seen.every((meta) => meta?.leader === leader);
    // A stream can be placed only on servers that the leader has heard from.
    const followers = agreed ? (seen[Number(leader.slice(1)) - 1]?.replicas ?? []) : [];
    const heard = followers.filter((r) => r.current && !r.offline).length;
    if (agreed && heard === monitors.length - 1) return;
    await sleep(50);
  }
  throw new Error(`the cluster was not ready after ${timeoutMs} ms: ${JSON.stringify(seen)}`);
}

async function metaCluster(monitor: string): Promise<MetaCluster | undefined> {
  try {
    const answer = await fetch(`${monitor}/jsz`, { signal: AbortSignal.timeout(1000) });
    return ((await answer.json()) as { meta_cluster?: MetaCluster }).meta_cluster;
  } catch {
    return undefined;
  }
}
