/** A consumer's configuration, and where it starts by it. */
import type { ModelStream } from "./model-stream.ts";

/** The parts of a consumer's configuration that the model obeys; the rest is only stored. */
export interface ModelConfig {
  readonly ack_wait?: number;
  readonly max_ack_pending?: number;
  readonly filter_subject?: string;
  readonly filter_subjects?: readonly string[];
  readonly deliver_policy?: string;
  readonly opt_start_seq?: number;
  readonly [name: string]: unknown;
}

export function filtersOf(config: ModelConfig): readonly string[] {
  return config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
}

/** The first stream sequence that may be delivered. */
export function startOf(stream: ModelStream, config: ModelConfig): number {
  switch (config.deliver_policy) {
    case "new":
      return stream.last + 1;
    case "last":
      return stream.last;
    case "by_start_sequence":
      return Math.max(config.opt_start_seq ?? 1, stream.first);
    default:
      return stream.first;
  }
}
