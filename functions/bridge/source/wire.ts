/**
 * What the source needs of a NATS connection, and no more: two inboxes, publishing, and word of what goes wrong. Behind
 * it is the official client (`connection.ts`), or in `test/sim` a model of a server that speaks the same protocol.
 */

/** One message as it came off the wire: a delivery, a status, or a reply. */
export interface WireMessage {
  readonly subject: string;
  /** Empty when there is none. */
  readonly reply: string;
  /** Status code of a message that has no payload but a status: 404, 408, 409, 503 …; 0 for all others. */
  readonly status: number;
  readonly description: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly data: Uint8Array;
}

export type WireTrouble =
  /** The connection is over. */
  | { readonly kind: "closed"; readonly error: Error }
  /** The server refused to take a message for `subject`. The only sign that a permission is missing. */
  | { readonly kind: "denied"; readonly subject: string; readonly error: Error };

export interface WireListener {
  /** Called once for each message, in the order of arrival, never while one of the wire's methods runs. */
  message(message: WireMessage): void;
  trouble(trouble: WireTrouble): void;
}

export interface Wire {
  /** Answers: everything sent to `<inbox>.<anything>` arrives here until the connection ends. */
  readonly inbox: string;
  /** Deliveries and the statuses of pulls: the same, until `stopReceiving`. */
  readonly pullInbox: string;
  readonly serverVersion: string;
  /** Most bytes of one message, headers included, as the server announces it. */
  readonly maxPayload: number;
  /** Leaves in one write with all that is published until the current task ends. Lost without a word once closed. */
  publish(
    subject: string,
    payload: string | Uint8Array,
    reply?: string,
    headers?: ReadonlyMap<string, string>,
  ): void;
  /** No more deliveries after this; resolves when all that was on its way has arrived. */
  stopReceiving(): Promise<void>;
  /** Hangs up. `flush`: waits until the server has all that was published, and what it refused of it is told. */
  close(flush: boolean): Promise<void>;
}

/** Opens a connection, or throws a `SourceError`. */
export type Dial = (listener: WireListener) => Promise<Wire>;
