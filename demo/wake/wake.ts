// The second half: a handler in a function that sleeps. A schedule and a doorbell wake it, and once it is killed.
import { startSqs } from "../../test/support/sqs.ts";
import type { Played, Stage } from "../stage.ts";
import { Doorbell } from "./doorbell.ts";
import { deploy, FUNCTION_TIMEOUT_MS } from "./function.ts";
import { Story, TICK_MS } from "./story.ts";
import { Warehouse } from "./warehouse.ts";

/** After a crash the next wake waits this long for what was in flight; 10 s where nothing is set. */
const ACK_WAIT_MS = 2000;

/** Shorter than the default of 1 s, because so is this demo. */
const IDLE_MS = 400;

export async function wake(stage: Stage): Promise<Played> {
  const { natsUrl, screen, stream, undo } = stage;
  await stream.createConsumer(ACK_WAIT_MS);
  const warehouse = await Warehouse.open();
  undo.push(() => warehouse.stop());
  const sqs = await startSqs();
  undo.push(() => sqs.stop());
  const doorbell = await Doorbell.hang(sqs, FUNCTION_TIMEOUT_MS);
  const { fn, place } = deploy({
    ...sqs.environment,
    NATS_URL: natsUrl,
    JETSTREAM_STREAM: stream.name,
    JETSTREAM_CONSUMER: stream.consumer,
    JETSTREAM_ACK_WAIT: `${ACK_WAIT_MS}ms`,
    DOORBELL_QUEUE_URL: doorbell.url,
    IDLE_TIMEOUT: `${IDLE_MS}ms`,
    RETRY_DELAY_MIN: "200ms",
    LOG_LEVEL: "debug", // tells of each message that was not accepted
    WAREHOUSE_URL: warehouse.url,
  });
  screen.say(`schedule     a tick every ${TICK_MS / 1000} s, as EventBridge Scheduler sends it`);
  screen.say(`doorbell     ${doorbell.url} (fauxqs, in this process)`);
  screen.say(`warehouse    ${warehouse.url}, which the handler tells of each message`);
  screen.say(`function     ${place}`);
  screen.say(`
threw       the warehouse answered 500, and the handler threw: the bridge calls it again
put off     the warehouse answered 429, and the handler returned retry({ after: "1s" })
of it idle  since nothing more came: ${IDLE_MS} ms (IDLE_TIMEOUT), and longer while something is put off`);

  const story = new Story({ ...stage, doorbell, fn, warehouse });
  undo.push(() => story.stop());
  await story.play();
  return {
    arrivals: warehouse.arrivals,
    unordered: undefined,
    whyTwice: "the killed process had handled them, and could no longer acknowledge them",
  };
}
