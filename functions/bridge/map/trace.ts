/** W3C trace context → X-Ray's tracing header. */

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{8})([0-9a-f]{24})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** `Root=1-…;Parent=…;Sampled=…`, or undefined when `traceparent` is missing or is none. */
export function xrayTraceHeader(traceparent: string | undefined): string | undefined {
  const match = TRACEPARENT.exec(traceparent ?? "");
  if (!match) return undefined;
  const [, epoch, rest, parent, flags = "00"] = match;
  const sampled = Number.parseInt(flags, 16) & 1;
  return `Root=1-${epoch}-${rest};Parent=${parent};Sampled=${sampled}`;
}
