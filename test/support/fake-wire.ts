/** A connection without a server: what is published can be seen, what arrives is up to the test. */
import { NO_HEADERS } from "../../functions/bridge/source/headers.ts";
import type { Wire, WireListener, WireMessage } from "../../functions/bridge/source/wire.ts";

export class FakeWire implements Wire {
  readonly inbox = "_INBOX.a";
  readonly pullInbox = "_INBOX.p";
  readonly serverVersion = "2.12.1";
  readonly maxPayload = 1_048_576;
  readonly published: string[] = [];
  readonly replies: string[] = [];
  hangs = false;
  listener!: WireListener;

  publish(subject: string, payload: string, reply: string = ""): void {
    this.published.push(`${subject} ${payload}`.trim());
    this.replies.push(reply);
  }

  stopReceiving(): Promise<void> {
    return this.hangs ? new Promise(() => undefined) : Promise.resolve();
  }

  close(): Promise<void> {
    return this.hangs ? new Promise(() => undefined) : Promise.reject(new Error("boom"));
  }

  arrives(subject: string, more: Partial<WireMessage> = {}): void {
    this.listener.message({ ...NOTHING, subject, ...more });
  }
}

const NOTHING: WireMessage = {
  subject: "",
  reply: "",
  status: 0,
  description: "",
  headers: NO_HEADERS,
  data: new Uint8Array(),
};
