/**
 * What the bridge relies on in a nats-server, step by step at the wire. The same steps are played against the model and
 * against real servers, and the answers have to be equal: a model that lies would make every simulated seed worthless.
 */
import { ACK_STEPS } from "./ack-steps.ts";
import { LIFE_STEPS } from "./life-steps.ts";
import { PULL_STEPS } from "./pull-steps.ts";
import type { Step } from "./step.ts";

export const STEPS: readonly Step[] = [...PULL_STEPS, ...ACK_STEPS, ...LIFE_STEPS];
