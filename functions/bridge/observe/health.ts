/** What a container platform asks: is it alive, is it ready, how much has it done. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { METRICS, type MetricName } from "./metric-names.ts";
import type { MetricValues } from "./totals.ts";

export interface Health {
  /** Undefined while the bridge forwards; otherwise why it does not. */
  notReady: string | undefined;
  readonly metrics: () => MetricValues;
}

/** Serves `/healthz`, `/readyz` and `/metrics`. Rejects when the port is taken. */
export function serveHealth(
  health: Health,
  port: number,
): Promise<{ port: number; server: Server }> {
  const server = createServer((request, response) => {
    const [status, type, body] = answer(request.url ?? "/", health);
    response.writeHead(status, { "content-type": type }).end(body);
  });
  // Does not keep the process alive.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "0.0.0.0", () => {
      resolve({ port: (server.address() as AddressInfo).port, server });
    });
  });
}

function answer(url: string, health: Health): readonly [number, string, string] {
  const json = "application/json";
  switch (url.split("?", 1)[0]) {
    case "/healthz":
      return [200, json, JSON.stringify({ status: "alive" })];
    case "/readyz":
      return health.notReady === undefined
        ? [200, json, JSON.stringify({ status: "ready" })]
        : [503, json, JSON.stringify({ status: "not ready", reason: health.notReady })];
    case "/metrics":
      return [200, "text/plain; version=0.0.4", prometheus(health.metrics())];
    default:
      return [404, json, JSON.stringify({ error: "expected /healthz, /readyz or /metrics" })];
  }
}

/** Prometheus' text format, version 0.0.4. What is not known is left out. */
export function prometheus(values: MetricValues): string {
  const lines = Object.entries(METRICS).flatMap(([key, { kind, help, prometheus: name }]) => {
    const value = values[key as MetricName];
    if (value === undefined) return [];
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, `${name} ${value}`];
  });
  return `${lines.join("\n")}\n`;
}
