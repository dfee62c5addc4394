/** What EventBridge's error codes say, and about whom. What is listed nowhere means: try again. */
import type { Codes } from "../failed-call.ts";

const PERMANENT = new Set([
  "InvalidArgument",
  "InvalidArgumentException",
  "MalformedDetail",
  "RedactionFailure",
  "ValidationException",
]);

const CONFIGURATION = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "InvalidAccountIdException",
  "InvalidClientTokenId",
  "MissingAuthenticationToken",
  "NotAuthorized",
  "NotAuthorizedForDetailTypeException",
  "NotAuthorizedForSourceException",
  "OperationDisabledException",
  "OptInRequired",
  "ResourceNotFoundException",
  "UnrecognizedClientException",
]);

const NOT_TAKEN = /throttl|toomanyrequests|requestlimitexceeded|expiredtoken|credentials/i;

const bare = (code: string): string => code.replace(/^.*#/, "");

export const EVENTBRIDGE_CODES: Codes = {
  isPermanent: (code) => PERMANENT.has(bare(code)),
  isConfiguration: (code) => CONFIGURATION.has(bare(code)),
  isNotTaken: (code) => NOT_TAKEN.test(code),
};
