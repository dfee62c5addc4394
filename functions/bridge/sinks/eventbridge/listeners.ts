/** Who gets the events of a bus: EventBridge answers success for an event that nobody gets, too. */
import {
  EventBridgeClient,
  ListArchivesCommand,
  ListRulesCommand,
} from "@aws-sdk/client-eventbridge";
import { clientSettings } from "../client-settings.ts";
import { regionOfBus } from "./call.ts";

export interface BusListeners {
  /** One that is enabled; what it matches is not looked at. */
  hasRule(signal: AbortSignal): Promise<boolean>;
  /** One that takes events, or is about to. */
  hasArchive(signal: AbortSignal): Promise<boolean>;
}

export function busListeners(arn: string, timeoutMs: number): BusListeners {
  const settings = clientSettings(regionOfBus(arn), { timeoutMs, concurrency: 2 });
  const client = new EventBridgeClient(settings);
  return {
    hasRule: (abortSignal) =>
      some(async (NextToken) => {
        const command = new ListRulesCommand({ EventBusName: arn, NextToken });
        const { NextToken: next, Rules = [] } = await client.send(command, { abortSignal });
        return { next, found: Rules.some(({ State = "" }) => State.startsWith("ENABLED")) };
      }),
    hasArchive: (abortSignal) =>
      some(async (NextToken) => {
        const command = new ListArchivesCommand({ EventSourceArn: arn, NextToken });
        const { Archives = [], NextToken: next } = await client.send(command, { abortSignal });
        return { next, found: Archives.some(({ State = "" }) => TAKES.has(State)) };
      }),
  };
}

const TAKES: ReadonlySet<string> = new Set(["CREATING", "ENABLED", "UPDATING"]);

interface Page {
  readonly next: string | undefined;
  readonly found: boolean;
}

async function some(page: (token: string | undefined) => Promise<Page>): Promise<boolean> {
  let token: string | undefined;
  do {
    const { found, next } = await page(token);
    if (found) return true;
    token = next;
  } while (token !== undefined);
  return false;
}
