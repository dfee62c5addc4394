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
  /** The last call, while others may join it. */
  let open: { readonly items: T[]; bytes: number } | undefined;
  for (const item of items) {
    const bytes = sizeOf(item);
    const isAlone = isSuspect(item);
    const hasRoom =
      open && open.items.length < limits.entries && open.bytes + bytes <= limits.bytes;
    if (open && hasRoom && !isAlone) {
      open.items.push(item);
      open.bytes += bytes;
    } else {
      if (calls.length === limits.concurrency) break;
      const call = [item];
      calls.push(call);
      open = isAlone ? undefined : { items: call, bytes };
    }
  }
  return calls;
}
