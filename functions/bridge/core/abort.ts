/**
 * Why a call has to end without an answer: the reason of its signal, and so what `fetch` and others throw that are given
 * the signal. Named as what they throw by themselves.
 */
export class AbortError extends Error {
  override readonly name = "AbortError";
  /** The ack wait is over: the message may be somebody else's already. */
  readonly hasLapsed: boolean;

  constructor(hasLapsed: boolean) {
    super(
      hasLapsed
        ? "the ack wait ran out and could not be extended: the message may be delivered to somebody else"
        : "the time of this run is up",
    );
    this.hasLapsed = hasLapsed;
  }
}

export function isLapsed({ reason }: AbortSignal): boolean {
  return reason instanceof AbortError && reason.hasLapsed;
}
