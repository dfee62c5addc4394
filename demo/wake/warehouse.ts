// What the handler calls for each message: takes what it is told of, and is sometimes unwell, as such services are.
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { type LocalHttp, serveHttp } from "../../test/support/local-http.ts";
import type { Parcel } from "../handlers/to-warehouse.ts";
import { type Arrival, sequenceOf } from "../verdict.ts";

export class Warehouse {
  /** In the order in which they came, copies included. */
  readonly arrivals: Arrival[] = [];
  readonly #taken = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #http: LocalHttp | undefined;

  static async open(): Promise<Warehouse> {
    const warehouse = new Warehouse();
    warehouse.#http = await serveHttp((request, response) => warehouse.#answer(request, response));
    return warehouse;
  }

  get url(): string {
    return `${this.#http?.endpoint}/parcels`;
  }

  /** So many different messages it has taken. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Resolves in the midst of a call: whoever makes it has no answer yet. */
  hasTaken(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    return promise;
  }

  async stop(): Promise<void> {
    await this.#http?.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parcel = (await json(request)) as Parcel;
    const refusal = this.#refused.has(parcel.id) ? undefined : refusalOf(parcel);
    if (refusal === undefined) this.#take(parcel);
    else this.#refused.add(parcel.id);
    // Whoever is frozen in the meantime would come back to a connection that we have given up.
    response.writeHead(refusal ?? 200, { connection: "close" });
    // After what `hasTaken` has set off.
    setImmediate(() => response.end());
  }

  #take({ data, headers, id }: Parcel): void {
    this.arrivals.push({ id, data: Buffer.from(data, "base64"), headers: new Map(headers) });
    this.#taken.add(id);
    for (const { count, resolve } of this.#waiting) if (this.taken >= count) resolve();
  }
}

/** How it answers the first time that it is told of a message; undefined: it takes it. */
function refusalOf(parcel: Parcel): number | undefined {
  const sequence = sequenceOf(parcel);
  if (sequence % 100 === 40) return 500;
  return sequence % 1200 === 60 ? 429 : undefined;
}
