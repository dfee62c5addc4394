/** Why a secret cannot be used, in words that carry no part of it. */

/** The message is whole: it names the secret, says what was given, and what would be right. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  /** AWS's own code, where that is the reason. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}
