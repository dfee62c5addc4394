import { OPERATOR_COMMAND } from "../../functions/bridge/observe/operator-command.ts";

export const USAGE: string = `Usage: ${OPERATOR_COMMAND} redrive --queue URL | --bucket NAME [options]; all of them: ${OPERATOR_COMMAND} redrive --help`;

export const HELP: string = `Sends dead letters again: back to the JetStream subject they came from, or straight to the target.

  ${OPERATOR_COMMAND} redrive --queue URL --dry-run
  ${OPERATOR_COMMAND} redrive --queue URL --reason "too large" --rate 50
  ${OPERATOR_COMMAND} redrive --bucket NAME --id ORDERS/42/1700000000123456789 --to-target

Where the dead letters are
  --queue URL        an SQS queue
  --bucket NAME      an S3 bucket
  --prefix P         only objects whose keys start so: ORIGIN/, ORIGIN/2026-11-21/

Which ones; all of these together, none of them means all
  --reason TEXT      whose reason contains this text
  --subject FILTER   whose subject matches, wildcards as in NATS
  --since TIME       whose message was stored then or later: 2026-11-21T13:00:00Z, or so long ago: 90m, 2d
  --until TIME       whose message was stored before
  --id ID            with this id (nats-id); may be repeated
  --limit N          no more than so many

Where to
  by default         published to their subject, over a connection with the NATS_* settings of the bridge
  --stream NAME      only if this stream stores them
  --same-id          with the publisher's own Nats-Msg-Id; the default is redrive/<id>/<tries>, since a stream drops a
                     message whose id it has seen within its duplicate window
  --to-target        the entry that the bridge would send, to the target that the environment of the bridge names

How
  --dry-run          only print what would be sent; nothing is sent, changed or deleted
  --rate N           messages per second
  --yes              do not ask
  --json             one JSON object a line on standard output, the receipt last
  --help             this text

A dead letter is deleted when its message is stored anew, and not before: the stream has confirmed it, or the target has
accepted it. A publish that is answered as a duplicate stored nothing: the letter stays, and counts as refused, unless
the stream still has the message that an earlier redrive of the same letter published.
Published messages are new messages: every consumer of the stream sees them, at the end of the stream and in no
particular order. Headers that told the server what to do (Nats-Expected-…, Nats-Rollup, Nats-TTL, Nats-Schedule…,
Nats-Batch-…, Nats-Incr) are left out, which is said.
Ctrl-C ends what is under way and no more; the command can be repeated at any time.
Messages of a queue are invisible to others while they are looked at, at most five minutes after a crash, and each look
counts as a receive: a redrive policy on the dead-letter queue itself may move them on. In a FIFO queue, letters behind
one of the same group that is not meant, or only looked at, stay unseen.

Exit: 0 done · 1 something was refused or failed, or it was interrupted · 2 usage or configuration`;
