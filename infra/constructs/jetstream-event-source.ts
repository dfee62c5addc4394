import { Token } from "aws-cdk-lib";
import type { IEventSource, IFunction } from "aws-cdk-lib/aws-lambda";
import type { BridgeProps } from "./bridge-props.ts";
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
    this.#bridge = new JetStreamForwarder(target, idOf(target, props), {
      ...props,
      target: Target.function(target, {
        ...(maxBatchingWindow && { maxBatchingWindow }),
        ...(bisectBatchOnError !== undefined && { bisectBatchOnError }),
      }),
    });
  }
}

const ID = "JetStreamEventSource";

/**
 * After its stream, so that others beside it may come and go: the consumer's name, and with it the position, follows from
 * the id. A second one of the same stream is told apart by its consumer.
 */
function idOf(
  target: IFunction,
  { consumer, stream }: Pick<BridgeProps, "consumer" | "stream">,
): string {
  const known = [stream, consumer].filter((name) => name && !Token.isUnresolved(name));
  const id = [ID, ...known].join("-");
  if (target.node.tryFindChild(id) === undefined) return id;
  throw new ConstructError(
    target,
    `consumer: given ${consumer ?? "nothing"} for another event source of stream ${stream}, expected a name that no other of this function has`,
  );
}
