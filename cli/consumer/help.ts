import { OPERATOR_COMMAND } from "../../functions/bridge/observe/operator-command.ts";

export const USAGE: string = `Usage: ${OPERATOR_COMMAND} consumer show | update | delete [options]; all of them: ${OPERATOR_COMMAND} consumer --help`;

export const HELP: string = `Looks at the durable consumer of a bridge, changes it without losing its position, or deletes it.

  ${OPERATOR_COMMAND} consumer show
  ${OPERATOR_COMMAND} consumer update --dry-run
  ${OPERATOR_COMMAND} consumer delete --yes

With the environment of the bridge: NATS_*, JETSTREAM_STREAM, JETSTREAM_CONSUMER, JETSTREAM_FILTER_SUBJECTS and what else
is set. With the target (SQS_QUEUE_URL, EVENT_BUS_NAME or FUNCTION_ARN) also what follows from it: enough room for batch
× concurrency, and an ack wait that is short enough for a FIFO queue.

  show               position and settings, and whether it fits what the environment asks for
  update             changes what differs, and keeps the position
    --dry-run        only print what would be changed
  delete             deletes the consumer and its position
    --yes            do not ask; needed where nobody can be asked

  --force            update, delete: also a consumer that this project has not made, and a change that loses messages
  --json             one JSON object a line on standard output
  --help             this text

An update changes what does not fit, and what JETSTREAM_ACK_WAIT and JETSTREAM_MAX_ACK_PENDING name; with the target in
the environment, a consumer that this project has made gets their defaults too. What NATS cannot change is refused, and then nothing is changed: the start
(JETSTREAM_DELIVER_POLICY and what belongs to it), the ack policy, the replay policy, push instead of pull. Give the
bridge a consumer of another name for that.
A change of the filter does not go back: what the new one adds and the position has passed is not delivered. What was
delivered and is not settled comes again, but not on a stream whose retention is by interest: there, a filter that leaves
something out is refused while messages are unsettled.

It needs, in NATS, $JS.API.CONSUMER.INFO.<stream>.<consumer>; to update, $JS.API.CONSUMER.CREATE.<stream>.<consumer>
(with one filter subject, followed by it), to delete, $JS.API.CONSUMER.DELETE.<stream>.<consumer>; and
$JS.API.STREAM.INFO.<stream> to know the retention of the stream.

Exit: 0 done, and with show: it fits · 1 it does not fit, or something was refused or failed · 2 usage or configuration`;
