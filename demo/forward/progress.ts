// How far the first half has come, in one line.

export type Progress = {
  readonly published: number;
  readonly accepted: number;
  readonly acknowledged: number;
  readonly lag: number;
  readonly service: string;
};

export function progressLine(seconds: number, progress: Progress): string {
  const { published, accepted, acknowledged, lag, service } = progress;
  return [
    `${seconds.toFixed(1).padStart(5)} s`,
    `published ${pad(published)}`,
    `accepted ${pad(accepted)}`,
    `acknowledged ${pad(acknowledged)}`,
    `lag ${pad(lag)}`,
    `service ${service}`,
  ].join("  ");
}

function pad(count: number): string {
  return String(count).padStart(5);
}
