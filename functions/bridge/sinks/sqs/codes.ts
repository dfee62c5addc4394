/** What SQS's error codes say, and about whom. What is listed nowhere means: try again. */
import type { Codes } from "../failed-call.ts";

/** Of an entry: this message will never be taken. Of a call: something in it will never be taken. */
const PERMANENT = new Set([
  "BatchRequestTooLong",
  "InvalidAttributeName",
  "InvalidAttributeValue",
  "InvalidMessageContents",
  "InvalidParameterCombination",
  "InvalidParameterValue",
  "MessageTooLong",
  "MissingParameter",
]);

/** Access or configuration: no message is to blame, and trying again is pointless until somebody changes something. */
const CONFIGURATION = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AuthFailure",
  "InvalidAddress",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "KmsAccessDenied",
  "KmsDisabled",
  "KmsInvalidKeyUsage",
  "KmsInvalidState",
  "KmsNotFound",
  "KmsOptInRequired",
  "MissingAuthenticationToken",
  "NonExistentQueue",
  "NotAuthorized",
  "OptInRequired",
  "QueueDeletedRecently",
  "QueueDoesNotExist",
  "UnauthorizedOperation",
  "UnrecognizedClientException",
  "UnsupportedOperation",
]);

/** SQS did not take it, and says so: no duplicate can come of trying again. */
const NOT_TAKEN =
  /throttl|slowdown|toomanyrequests|requestlimitexceeded|overlimit|expiredtoken|credentials/i;

/**
 * The same code comes as `QueueDoesNotExist`, `AWS.SimpleQueueService.NonExistentQueue`,
 * `com.amazonaws.sqs#QueueDoesNotExist` and `KMS.AccessDeniedException`.
 */
function bareCode(code: string): string {
  const bare = code.replace(/^.*#/, "").replace(/^AWS\.SimpleQueueService\./, "");
  const kms = /^KMS\.(\w+?)(Exception)?$/.exec(bare)?.[1];
  return kms ? `Kms${kms.replace(/^kms/i, "")}` : bare;
}

export function isPermanent(code: string): boolean {
  return PERMANENT.has(bareCode(code));
}

export function isConfiguration(code: string): boolean {
  return CONFIGURATION.has(bareCode(code));
}

export function isNotTaken(code: string): boolean {
  return NOT_TAKEN.test(code);
}

export const SQS_CODES: Codes = { isPermanent, isConfiguration, isNotTaken };
