import { type Duration, Token } from "aws-cdk-lib";

/** In seconds; undefined: not given, or known only while deploying. */
export function known(duration: Duration | undefined): number | undefined {
  return duration && !duration.isUnresolved() ? duration.toSeconds({ integral: false }) : undefined;
}

/** Undefined: not given, or known only while deploying. */
export function knownNumber(value: number | undefined): number | undefined {
  return Token.isUnresolved(value) ? undefined : value;
}
