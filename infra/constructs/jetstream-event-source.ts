import type { IEventSource, IFunction } from "aws-cdk-lib/aws-lambda";
import { ConstructError } from "./construct-error.ts";
import { JetStreamForwarder, type JetStreamForwarderProps } from "./jetstream-forwarder.ts";
import { type FunctionTargetOptions, Target } from "./target.ts";

export interface JetStreamEventSourceProps
  extends Omit<JetStreamForwarderProps, "target" | "compute">, FunctionTargetOptions {}

/**
 * Invokes an existing function with messages of a stream, in the batches in which SQS would: the function stays as it is,
 * in whatever language it is written. A bridge in front of it pulls, and acknowledges what the function has handled.
 *
 *     fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS" }));
 */
export class JetStreamEventSource implements IEventSource {
  #bridge: JetStreamForwarder | undefined;
  readonly #props: JetStreamEventSourceProps;

  constructor(props: JetStreamEventSourceProps) {
    this.#props = props;
  }

  /** The bridge in front of the function, once it has been added to one. */
  get bridge(): JetStreamForwarder {
    if (this.#bridge) return this.#bridge;
    throw new Error(
      "bridge: given an event source of no function, expected it after addEventSource",
    );
  }

  bind(target: IFunction): void {
    if (this.#bridge) {
      throw new ConstructError(
        this.#bridge,
        `target: given ${target.node.path} as well, expected one function for each event source: two would share the messages`,
      );
    }
    const { bisectBatchOnError, maxBatchingWindow, ...props } = this.#props;
    this.#bridge = new JetStreamForwarder(target, freeId(target), {
      ...props,
      target: Target.function(target, {
        ...(maxBatchingWindow && { maxBatchingWindow }),
        ...(bisectBatchOnError !== undefined && { bisectBatchOnError }),
      }),
    });
  }
}

/** A function may have several; what they are named after might not be known yet. */
function freeId({ node }: IFunction): string {
  const others = node.children.filter(({ node: { id } }) => id.startsWith(ID));
  return others.length === 0 ? ID : `${ID}${others.length + 1}`;
}

const ID = "JetStreamEventSource";
