import { expect, test } from "vitest";
import { Session } from "../../../functions/bridge/source/session.ts";
import type { SourceError } from "../../../functions/bridge/source/source-error.ts";
import type { Wire, WireListener, WireMessage } from "../../../functions/bridge/source/wire.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeWire } from "../../support/fake-wire.ts";

interface Opened {
  readonly clock: FakeClock;
  readonly wire: FakeWire;
  readonly session: Session;
  readonly heard: string[];
}

async function open(): Promise<Opened> {
  const clock = new FakeClock();
  const wire = new FakeWire();
  const heard: string[] = [];
  const dial = async (listener: WireListener): Promise<Wire> => Object.assign(wire, { listener });
  const session = await Session.open(dial, clock, {
    delivery: ({ subject }) => heard.push(`delivery ${subject}`),
    status: (subject) => heard.push(`status ${subject}`),
    ended: (error) => heard.push(`ended ${error.end}`),
  });
  return { clock, wire, session, heard };
}

async function failureOf(request: Promise<WireMessage>): Promise<SourceError> {
  return request.then(
    () => expect.fail("expected no answer"),
    (error: SourceError) => error,
  );
}

test("a request gets the answer that comes to its own reply subject, and leaves no timer", async () => {
  const { clock, session, wire } = await open();
  const [first, second] = [session.request("a", "1", 1000), session.request("b", "2", 1000)];
  expect(wire.published).toEqual(["a 1", "b 2"]);
  wire.arrives(wire.replies[1] ?? "");
  wire.arrives(wire.replies[0] ?? "");
  expect((await first).subject).toBe(wire.replies[0]);
  expect((await second).subject).toBe(wire.replies[1]);
  expect(wire.replies[0]).not.toBe(wire.replies[1]);
  expect(clock.sleeping).toBe(0);
});

test("a second answer to the same request belongs to nobody", async () => {
  const { heard, session, wire } = await open();
  const answer = session.request("a", "", 1000);
  const reply = wire.replies[0] ?? "";
  wire.arrives(reply);
  wire.arrives(reply);
  expect((await answer).subject).toBe(reply);
  expect(heard).toEqual([`status ${reply}`]);
});

test("a request without an answer in time is a broken connection", async () => {
  const { clock, session } = await open();
  const failure = failureOf(session.request("a", "", 1000));
  await clock.advance(1000);
  expect(await failure).toMatchObject({
    end: "broken",
    message: "no answer from NATS on a within 1000 ms",
  });
});

test("deliveries go to the listener, and so does whatever answers no request", async () => {
  const { heard, session, wire } = await open();
  wire.arrives("orders.eu", { reply: "$JS.ACK.S.C.1.1.1.1.0" });
  wire.arrives(session.pullInbox());
  expect(heard).toEqual(["delivery orders.eu", "status _INBOX.p.1"]);
});

test("when the connection ends, all requests end with it, and that is told once", async () => {
  const { heard, session, wire } = await open();
  const failures = [session.request("a", "", 1000), session.request("b", "", 1000)].map(failureOf);
  wire.listener.trouble({ kind: "closed", error: new Error("reset") });
  wire.listener.trouble({ kind: "closed", error: new Error("again") });
  for (const failure of failures) {
    expect((await failure).message).toBe("the connection to NATS ended: reset");
  }
  expect(heard).toEqual(["ended broken"]);
  expect((await failureOf(session.request("c", "", 1000))).end).toBe("broken");
  session.publish("d", "");
  expect(wire.published).toEqual(["a", "b"]);
});

test("a request that is denied ends alone, when the bridge can live without it", async () => {
  const { clock, heard, session, wire } = await open();
  const failure = failureOf(session.request("$JS.API.STREAM.INFO.S", "", 1000));
  const other = failureOf(session.request("b", "", 1000));
  const denied = {
    kind: "denied",
    subject: "$JS.API.STREAM.INFO.S",
    error: new Error("no"),
  } as const;
  wire.listener.trouble(denied);
  expect(await failure).toMatchObject({
    end: "refused",
    message: "NATS denies this user $JS.API.STREAM.INFO.S: no",
  });
  expect(heard).toEqual([]);
  await clock.advance(1000);
  expect((await other).end).toBe("broken");
});

test.each(["$JS.ACK.S.C.1.1.1.1.0", "$JS.hub.API.CONSUMER.MSG.NEXT.S.C", "_INBOX.a", "_INBOX.p"])(
  "without %s there is no bridge",
  async (subject) => {
    const { heard, session, wire } = await open();
    wire.listener.trouble({ kind: "denied", subject, error: new Error("no") });
    expect(heard).toEqual(["ended refused"]);
    expect(session.ended?.end).toBe("refused");
  },
);

test("hanging up is no trouble to be told, and does not take longer than allowed", async () => {
  const { clock, heard, session, wire } = await open();
  wire.hangs = true;
  let isClosed = false;
  const failure = failureOf(session.request("a", "", 9000));
  void session.close(1000).then(() => (isClosed = true));
  expect((await failure).message).toBe("the connection was closed");
  await clock.advance(999);
  expect(isClosed).toBe(false);
  await clock.advance(1);
  expect([isClosed, heard]).toEqual([true, []]);
});

test("an error on the way out is of no interest any more", async () => {
  const { clock, session } = await open();
  await session.stopReceiving(1000);
  await session.close(1000);
  expect(clock.sleeping).toBe(0);
});
