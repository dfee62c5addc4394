/**
 * What the oldest supported server and the newest answer differently, and how the bridge deals with it. Every other
 * answer is the same. (`408 Request Timeout` at once and `404 No Messages` count as the same here: both say that there
 * is nothing left, the one up to 2.12.1 and the other since.)
 */
export const VERSION_DIFFERENCES: Readonly<Record<string, string>> = {
  "filled, with a byte limit that was not reached":
    "the newer says 409 Batch Completed, read as `filled`",
  "an ack for a message that was not delivered yet": "the newer neither takes nor answers it",
  "the same in a work queue":
    "the older deletes the message: one reason for looking at the incarnation first",
  "consumer missing: a pull, an ack, its state":
    "the older is silent about the pull: silence is followed by a look",
  "created twice: the same, and with another ack wait":
    "the older takes it as an update: looked up before it is created",
  paused: "the older cannot pause",
};

/** `answers` with the two ways of saying that nothing is left made one. */
export function withOneWordForDrained(answers: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answers).replaceAll('"408 Request Timeout"', '"404 No Messages"'),
  );
}
