// What both halves of the demo are given, and what they give back.
import type { DemoOptions } from "./options.ts";
import type { Screen } from "./screen.ts";
import type { DemoStream } from "./stream.ts";
import type { Undo } from "./undo.ts";
import type { Arrival } from "./verdict.ts";

export type Stage = {
  readonly natsUrl: string;
  /** There, and empty. */
  readonly stream: DemoStream;
  readonly options: DemoOptions;
  readonly screen: Screen;
  readonly undo: Undo;
};

export type Played = {
  /** All that arrived; of each group in order, where order is kept. */
  readonly arrivals: readonly Arrival[];
  /** Undefined where order is kept; else what does not promise it. */
  readonly unordered: string | undefined;
  /** Why a message may have arrived twice, for people. */
  readonly whyTwice?: string;
};
