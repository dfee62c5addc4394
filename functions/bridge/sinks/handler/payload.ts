/** What a handler publishes, as bytes. */

/**
 * Text and bytes (an `ArrayBuffer` or a view of one) as they are, anything else as `JSON.stringify` says it. What would
 * be stored as something else than it is, is refused: a promise, a `Map`, a `Set`, a `Blob`, a stream, an `Error`, bytes
 * within JSON, `NaN`.
 */
export type Payload =
  | string
  | number
  | boolean
  | null
  | Readonly<Record<string, unknown>>
  // What is written down as an interface or a class, and is no promise.
  | (object & { readonly then?: never });

/** @throws TypeError with what was given, and what would be right. */
export function bytesOf(data: Payload): Uint8Array {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (isBuffer(data)) return new Uint8Array(data);
  return new TextEncoder().encode(typeof data === "string" ? data : jsonOf(data));
}

function jsonOf(data: unknown): string {
  try {
    const text = JSON.stringify(data, checked);
    // Types do not hold JavaScript, nor what was cast.
    if ((text as string | undefined) !== undefined) return text;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // A circle, a bigint, or what a toJSON() has thrown.
    const problem = String((error as Error | undefined)?.message).split("\n", 1)[0];
    throw new Refusal(`something else (${problem})`, SAYABLE, { cause: error });
  }
  throw new Refusal(data === undefined ? "nothing" : `a ${typeof data}`, SAYABLE);
}

const SAYABLE = "text, bytes, or something that JSON can say";

class Refusal extends TypeError {
  constructor(given: string, expected: string, options?: ErrorOptions) {
    super(`publish: data: given ${given}, expected ${expected}`, options);
  }
}

/** For `JSON.stringify`, which asks an object for its toJSON() before it calls this. */
function checked(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const fault = faultOf(this[name]);
  if (!fault) return value;
  const [given, expected] = fault;
  throw new Refusal(name === "" ? given : `${given} as ${JSON.stringify(name)}`, expected);
}

type Fault = readonly [given: string, expected: string];

function faultOf(value: unknown): Fault | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return [String(value), "a number that JSON knows, or null"];
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pipe, then, toJSON } = value as Readonly<Record<string, unknown>>;
  if (typeof then === "function") return ["a promise", "its result: await it"];
  if (ArrayBuffer.isView(value) || isBuffer(value)) {
    return ["bytes within JSON", "bytes alone, or text in their place, like base64"];
  }
  if (typeof toJSON === "function") return undefined;
  if (value instanceof Map) return ["a Map", "Object.fromEntries(map), or [...map]"];
  if (value instanceof Set) return ["a Set", "[...set]"];
  if (value instanceof Blob) return ["a Blob", "its bytes: await blob.bytes()"];
  if (value instanceof Error) return ["an Error", "its message, or what else of it is meant"];
  if (typeof pipe === "function" || value instanceof ReadableStream) {
    return ["a stream", "what is in it, as text or bytes"];
  }
  return isEmptied(value) ? [`${nameOf(value)}, of which JSON says {}`, SAYABLE] : undefined;
}

/** Its content is not in properties of its own. */
function isEmptied(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return !isPlain && Object.keys(value).length === 0 && JSON.stringify(value) === "{}";
}

function nameOf({ constructor }: object): string {
  return `an object of class ${constructor.name}`;
}

function isBuffer(value: unknown): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}
