import { OPERATOR_COMMAND } from "../../functions/bridge/observe/operator-command.ts";

export const USAGE: string = `Usage: ${OPERATOR_COMMAND} permissions [--stream NAME --consumer NAME] [options]; all of them: ${OPERATOR_COMMAND} permissions --help`;

export const HELP: string = `Prints what the NATS user of a bridge may do, ready to be pasted: no more than it needs, each with its reason.

  ${OPERATOR_COMMAND} permissions --stream ORDERS --consumer orders-to-sqs --inbox-prefix _INBOX_bridge
  ${OPERATOR_COMMAND} permissions --format nsc --user orders-to-sqs --create
  ${OPERATOR_COMMAND} permissions --publish shipments.created --publish-stream SHIPMENTS

Of which bridge; by default that of the environment. Nothing connects.
  --stream NAME            JETSTREAM_STREAM
  --consumer NAME          JETSTREAM_CONSUMER
  --filter SUBJECT         JETSTREAM_FILTER_SUBJECTS; may be repeated
  --domain NAME            NATS_JS_DOMAIN; NATS_JS_API_PREFIX is read as well
  --inbox-prefix PREFIX    NATS_INBOX_PREFIX

What it does besides forwarding
  --create                 makes its consumer, as with CONSUMER_MANAGEMENT=create in the environment; with several
                           filters, or none, by another subject than with one
  --publish SUBJECT        a handler publishes to it, wildcards allowed; may be repeated
  --publish-stream NAME    the stream that takes it, to compare its duplicate window; may be repeated
  --replay                 makes and removes consumers for replays: power over every consumer of the stream

How
  --format server          a permissions block for a user in the server's configuration; the default
  --format nsc             a command line of nsc
  --user NAME              for nsc: the name of the user; bridge unless said
  --edit                   for nsc: of a user that is there, who keeps what it may do already
  --json                   one JSON object: publish and subscribe, with subject, reason and optional
  --help                   this text

Exit: 0 done · 2 usage or configuration`;
