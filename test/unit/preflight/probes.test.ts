import { describe, expect, test } from "vitest";
import { type Probe, probeOf } from "../../../functions/bridge/preflight/probes.ts";
import { permissionsOf } from "../../../functions/bridge/source/permissions.ts";

const { publish } = permissionsOf({
  stream: "ORDERS",
  consumer: "bridge",
  apiPrefix: "$JS.hub.API",
  inboxPrefix: "_INBOX",
  filterSubjects: ["orders.>"],
  create: true,
  publishes: ["shipped.*.>"],
});

function probes(serverVersion: string): readonly (Probe | undefined)[] {
  const context = { apiPrefix: "$JS.hub.API", serverVersion, tracesTo: "trace.here" };
  return publish.map((permission) => probeOf(permission, context));
}

describe("a probe", () => {
  test("of JetStream's own subjects is a question, or refused before anything is done", () => {
    const sent = probes("2.15.1").map((probe) => [probe?.subject, probe?.payload]);
    expect(sent.slice(0, 6)).toEqual([
      ["$JS.hub.API.CONSUMER.INFO.ORDERS.bridge", ""],
      ["$JS.hub.API.CONSUMER.MSG.NEXT.ORDERS.bridge", "{"],
      ["$JS.ACK.ORDERS.bridge.1.0.0.0.0", "+WPI"],
      ["$JS.ACK._._.ORDERS.bridge.1.0.0.0.0", "+WPI"],
      ["$JS.hub.API.STREAM.INFO.ORDERS", ""],
      ["$JS.hub.API.CONSUMER.CREATE.ORDERS.bridge.orders.>", "{"],
    ]);
  });

  test("of a handler's subject is a trace alone, on a subject that can be published to", () => {
    const probe = probes("2.11.0").find((one) => one?.headers !== undefined);
    expect(probe).toMatchObject({ subject: "shipped._._", payload: "" });
    expect([...probe!.headers!]).toEqual([
      ["Nats-Trace-Dest", "trace.here"],
      ["Nats-Trace-Only", "true"],
    ]);
  });

  test("of a handler's subject is not made where the server would deliver it", () => {
    for (const version of ["2.9.10", "2.10.29"]) {
      const unknown = publish.filter((_, at) => probes(version)[at] === undefined);
      expect(unknown.map(({ subject }) => subject)).toEqual(["shipped.*.>"]);
    }
  });
});
