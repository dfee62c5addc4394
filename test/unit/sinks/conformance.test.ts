// What the loop relies on, whatever the target: one suite, passed by each of them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../functions/bridge/core/outcome.ts";
import type { Message, Sink } from "../../../functions/bridge/core/ports.ts";
import { parseTemplate } from "../../../functions/bridge/map/template.ts";
import { eventBridgeSink } from "../../../functions/bridge/sinks/eventbridge/sink.ts";
import { lambdaSink } from "../../../functions/bridge/sinks/lambda/sink.ts";
import { sqsSink } from "../../../functions/bridge/sinks/sqs/sink.ts";
import { awsError, fakeQueue } from "../../support/fake-queue.ts";
import { fakeBus, fakeFunction, FUNCTION_ARN, returned } from "../../support/fake-targets.ts";
import { message } from "../../support/messages.ts";

/** How a target answers for each message of a call, told apart by what stands in its payload. */
type Fate = "taken" | "failing";

interface Behaviour {
  /** Thrown by each call. */
  readonly throws?: (bodies: readonly string[]) => Error | undefined;
  readonly fate?: (body: string) => Fate;
  /** Thrown when the target is asked whether it is there. */
  readonly isMissing?: Error;
}

interface Made {
  readonly sink: Sink;
  /** The payloads of each call. */
  readonly calls: readonly (readonly string[])[];
}

const shared = { batchSize: 10, concurrency: 4, observe: () => undefined };
const taken = (): Fate => "taken";
const nothing = (): undefined => undefined;

function toQueue({ fate = taken, isMissing, throws = nothing }: Behaviour): Made {
  const queue = fakeQueue({
    send(entries) {
      refuse(
        throws,
        entries.map(({ body }) => body),
      );
      const all = entries.map(({ body }, at) => ({ Id: String(at), fate: fate(body) }));
      return {
        Successful: all
          .filter((one) => one.fate === "taken")
          .map(({ Id }) => ({ Id, MessageId: Id })),
        Failed: all
          .filter((one) => one.fate === "failing")
          .map(({ Id }) => ({ Id, Code: "InternalError", SenderFault: false })),
      };
    },
    attributes() {
      if (isMissing) throw isMissing;
      return {};
    },
  });
  return { sink: sqsSink({ ...shared, queue, mapping: { origin: "O" } }), calls: queue.calls };
}

function toBus({ fate = taken, isMissing, throws = nothing }: Behaviour): Made {
  const calls: string[][] = [];
  const bus = fakeBus({
    put(entries) {
      const bodies = entries.map(({ detail }) => (JSON.parse(detail) as { data: string }).data);
      calls.push(bodies);
      refuse(throws, bodies);
      const Entries = bodies.map((body, at) =>
        fate(body) === "taken" ? { EventId: `event-${at}` } : { ErrorCode: "InternalFailure" },
      );
      return { Entries };
    },
    describe() {
      if (isMissing) throw isMissing;
    },
  });
  const mapping = {
    origin: "O",
    source: parseTemplate("nats"),
    detailType: parseTemplate("{subject}"),
  };
  return { sink: eventBridgeSink({ ...shared, bus, mapping, maxSize: 262_144 }), calls };
}

function toFunction({ fate = taken, isMissing, throws = nothing }: Behaviour): Made {
  const target = fakeFunction({
    invoke(records) {
      refuse(
        throws,
        records.map(({ body }) => body),
      );
      const failing = records.filter(({ body }) => fate(body) === "failing");
      const batchItemFailures = failing.map(({ messageId }) => ({ itemIdentifier: messageId }));
      return returned({ batchItemFailures });
    },
    check() {
      if (isMissing) throw isMissing;
    },
  });
  const mapping = { origin: "O", functionArn: FUNCTION_ARN };
  const sink = lambdaSink({ ...shared, target, mapping, bisectOnError: false });
  return { sink, calls: target.calls };
}

function refuse(
  throws: (bodies: readonly string[]) => Error | undefined,
  bodies: readonly string[],
): void {
  const error = throws(bodies);
  if (error) throw error;
}

describe.each([
  ["SQS", toQueue, "QueueDoesNotExist", "InvalidMessageContents"],
  ["EventBridge", toBus, "ResourceNotFoundException", "ValidationException"],
  ["Lambda", toFunction, "ResourceNotFoundException", "InvalidRequestContentException"],
] as const)("%s as a target", (_name, make, missing, malformed) => {
  const { signal } = new AbortController();
  const deliver = async (
    behaviour: Behaviour,
    ...bodies: string[]
  ): Promise<Made & { delivery: Delivery }> => {
    const made = make(behaviour);
    const batch = bodies.map((body, at) => made.sink.prepare(messageOf(body, at)));
    return { ...made, delivery: await made.sink.deliver(batch, signal) };
  };

  test("one outcome for each entry, in the order in which they were sent", async () => {
    const fates = fc.array(fc.constantFrom<Fate>("taken", "failing"), {
      minLength: 1,
      maxLength: 10,
    });
    await fc.assert(
      fc.asyncProperty(fates, async (given) => {
        const bodies = given.map((fate, at) => `${at} ${fate}`);
        const { delivery } = await deliver(
          { fate: (body) => body.split(" ")[1] as Fate },
          ...bodies,
        );
        const kinds = delivery.kind === "answered" ? delivery.outcomes.map(({ kind }) => kind) : [];
        expect(kinds).toEqual(given.map((fate) => (fate === "taken" ? "accepted" : "failed")));
      }),
      { numRuns: 50 },
    );
  });

  test("the same message is always the same entry, of the size that counts", () => {
    const { sink } = make({});
    const [one, two] = [sink.prepare(messageOf("a", 1)), sink.prepare(messageOf("a", 1))];
    expect(one).toEqual(two);
    expect(sink.size(one)).toBeGreaterThan("a".length);
    expect(sink.size(one)).toBeLessThan(sink.limits.bytes);
  });

  test.each([
    ["throttled", awsError("ThrottlingException"), false],
    [
      "a server error",
      awsError("InternalServerError", "", { $metadata: { httpStatusCode: 500 } }),
      true,
    ],
    ["a lost connection", awsError("Error", "socket hang up", { code: "ECONNRESET" }), true],
    ["a code nobody has heard of", awsError("SomethingNew"), true],
  ])("%s says nothing about any message", async (_what, error, maybeTaken) => {
    const { delivery } = await deliver({ throws: () => error }, "a", "b");
    expect(delivery).toMatchObject({ kind: "unavailable", stop: false, maybeTaken });
  });

  test.each([missing, "AccessDeniedException"])("%s stops the bridge", async (code) => {
    const { delivery } = await deliver({ throws: () => awsError(code) }, "a");
    expect(delivery).toMatchObject({ kind: "unavailable", stop: true, maybeTaken: false });
  });

  test("a call that is refused for one entry is taken apart until the culprit is alone", async () => {
    const throws = (bodies: readonly string[]): Error | undefined =>
      bodies.includes("bad") ? awsError(malformed) : undefined;
    const { calls, delivery } = await deliver({ throws }, "a", "b", "bad", "d");
    expect(delivery).toMatchObject({
      kind: "answered",
      outcomes: [
        { kind: "accepted" },
        { kind: "accepted" },
        { kind: "rejected" },
        { kind: "accepted" },
      ],
    });
    expect(calls.at(-1)).toEqual(["d"]);
  });

  test("too late for another call, what was not sent is unknown, and no call is made", async () => {
    const made = make({
      throws: (bodies) => (bodies.length > 1 ? awsError(malformed) : undefined),
    });
    const batch = ["a", "b"].map((body, at) => made.sink.prepare(messageOf(body, at)));
    const delivery = await made.sink.deliver(batch, signal, () => true);
    expect(delivery).toMatchObject({ outcomes: [{ kind: "unknown" }, { kind: "unknown" }] });
    expect(made.calls).toHaveLength(1);
  });

  test("asked before the first pull, it says whether it is there", async () => {
    expect(await make({}).sink.ready(signal)).toBeUndefined();
    const isMissing = awsError(missing);
    expect(await make({ isMissing }).sink.ready(signal)).toMatchObject({
      kind: "unavailable",
      stop: true,
    });
  });
});

function messageOf(body: string, sequence: number): Message {
  return message({ streamSequence: sequence, data: new TextEncoder().encode(body) });
}
