/** How an operator command is started: by the repository's script, or by the command of the package. */

/** Put in by `npm run package`. */
declare const PACKAGED: true | undefined;

export const IS_PACKAGED: boolean = typeof PACKAGED !== "undefined";

export const OPERATOR_COMMAND: string = IS_PACKAGED
  ? "npx jetstream-aws-bridge"
  : "npm run bridge --";
