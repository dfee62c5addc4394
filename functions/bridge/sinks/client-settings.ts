/** How AWS clients talk HTTP here: with limits, which the SDK does not have unless they are set. */

interface HandlerOptions {
  readonly timeoutMs: number;
  readonly concurrency: number;
}

interface RequestHandlerSettings {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly throwOnRequestTimeout: boolean;
  readonly socketAcquisitionWarningTimeout: number;
  readonly httpAgent: { readonly maxSockets: number };
  readonly httpsAgent: { readonly maxSockets: number };
}

/** Of the bridge's own clients. The region is the one that the target's name tells; without it the SDK looks for one. */
export function clientSettings(
  region: string | undefined,
  options: HandlerOptions,
): {
  readonly region?: string;
  readonly maxAttempts: number;
  readonly requestHandler: RequestHandlerSettings;
} {
  return {
    ...(region !== undefined && { region }),
    // The loop owns the retry, because only it knows the lease.
    maxAttempts: 1,
    requestHandler: requestHandler(options),
  };
}

const MOST_TO_CONNECT_MS = 2000;

export function requestHandler({ concurrency, timeoutMs }: HandlerOptions): RequestHandlerSettings {
  // One more than there are calls at once, for a question besides.
  const agent = { maxSockets: concurrency + 1 };
  return {
    connectionTimeout: Math.min(timeoutMs, MOST_TO_CONNECT_MS),
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    socketAcquisitionWarningTimeout: timeoutMs,
    httpAgent: agent,
    httpsAgent: agent,
  };
}
