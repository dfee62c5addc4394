/** What Lambda's error codes say. What is listed nowhere means: try again. */
import type { Codes } from "../failed-call.ts";

/** Of the request: something in it will never be taken. */
const PERMANENT = new Set(["InvalidRequestContentException", "RequestTooLargeException"]);

const CONFIGURATION = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "EFSMountFailureException",
  "InvalidClientTokenId",
  "InvalidParameterValueException",
  "InvalidRuntimeException",
  "InvalidSecurityGroupIDException",
  "InvalidSubnetIDException",
  "InvalidZipFileException",
  "KMSAccessDeniedException",
  "KMSDisabledException",
  "KMSInvalidStateException",
  "KMSNotFoundException",
  "MissingAuthenticationToken",
  "OptInRequired",
  "ResourceNotFoundException",
  "UnrecognizedClientException",
  "UnsupportedMediaTypeException",
]);

/** The function was not called. */
const NOT_TAKEN =
  /throttl|toomanyrequests|resourceconflict|resourcenotready|limitreached|expiredtoken|credentials|snapstart/i;

export const LAMBDA_CODES: Codes = {
  isPermanent: (code) => PERMANENT.has(code),
  isConfiguration: (code) => CONFIGURATION.has(code),
  isNotTaken: (code) => NOT_TAKEN.test(code),
};
