/** Nanoseconds since 1970 → RFC 3339 with all nine digits, as JetStream itself writes times. */

const NANOS_PER_SECOND = 1_000_000_000n;

export function rfc3339(nanos: bigint): string {
  const seconds = new Date(Number(nanos / NANOS_PER_SECOND) * 1000).toISOString().slice(0, 19);
  const fraction = String(nanos % NANOS_PER_SECOND).padStart(9, "0");
  return `${seconds}.${fraction}Z`;
}
