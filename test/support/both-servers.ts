import { findNatsServer, findOldNatsServer } from "./find-nats-server.ts";

export interface Candidate {
  readonly which: string;
  /** Undefined where it cannot be had: tests on it are skipped. */
  readonly binary: string | undefined;
  readonly version: string;
}

/** The newest server that is there, and the oldest that is supported: what a test of the wire runs on. */
export async function bothServers(): Promise<readonly Candidate[]> {
  const newest = await findNatsServer();
  const old = await findOldNatsServer().catch(() => undefined);
  return [
    { which: "the newest server", binary: newest.path, version: newest.version },
    { which: "the oldest supported server", binary: old?.path, version: old?.version ?? "2.9" },
  ];
}
