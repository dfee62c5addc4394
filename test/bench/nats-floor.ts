// Floor: NATS alone. Pulls as many as the service holds at once, acks them one by one, pulls again; nothing else.
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, createInbox } from "@nats-io/transport-node";

const [servers = "", stream = "", consumer = "", window = ""] = process.argv.slice(2);
const batch = Number(window);
const connection = await connect({ servers });
const manager = await jetstreamManager(connection);
await manager.consumers.add(stream, {
  durable_name: consumer,
  ack_policy: "explicit",
  max_ack_pending: 2 * batch,
});

let acked = 0;
process.on("message", (question) => {
  if (question === "done") process.send?.({ done: acked });
});
process.send?.("ready");

const inbox = createInbox();
const replies: string[] = [];
const request = JSON.stringify({ batch, no_wait: true, expires: 1e9 });
const pull = (): void =>
  connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, {
    reply: inbox,
  });
connection.subscribe(inbox, {
  callback: (error, message) => {
    if (error) throw error;
    if (message.reply) replies.push(message.reply);
    if (message.reply && replies.length < batch) return;
    for (const reply of replies) connection.publish(reply, "+ACK");
    acked += replies.length;
    replies.length = 0;
    pull();
  },
});
pull();
