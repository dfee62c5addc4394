/** Which entries travel together. */
import type { SinkLimits } from "./ports.ts";

/**
 * Splits `items` into calls: in their order, at most `limits.entries` entries and `limits.bytes` bytes each, at most
 * `limits.concurrency` calls. What does not fit into the calls is left for later, never dropped. An item larger than
 * `limits.bytes` travels alone: whoever made it has to refuse it. A suspect travels alone, too.
 */
export function pack<T>(
  items: readonly T[],
  limits: SinkLimits,
  sizeOf: (item: T) => number,
  isSuspect: (item: T) => boolean = () => false,
): readonly (readonly T[])[] {
  const calls: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const call = calls.at(-1);
    const isAlone = isSuspect(item);
    if (call && !isAlone && call.length < limits.entries && bytes + size <= limits.bytes) {
      call.push(item);
      bytes += size;
    } else {
      if (calls.length === limits.concurrency) break;
      calls.push([item]);
      // Nothing fits beside a suspect.
      bytes = isAlone ? limits.bytes + 1 : size;
    }
  }
  return calls;
}
