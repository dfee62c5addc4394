import { expect, test } from "vitest";
import {
  isConfiguration,
  isNotTaken,
  isPermanent,
} from "../../../../functions/bridge/sinks/sqs/codes.ts";

/** All spellings in which SQS's protocols and services write a code. */
function spellings(code: string): readonly string[] {
  return [code, `AWS.SimpleQueueService.${code}`, `com.amazonaws.sqs#${code}`];
}

test.each([
  "BatchRequestTooLong",
  "InvalidMessageContents",
  "InvalidParameterValue",
  "InvalidParameterCombination",
  "InvalidAttributeName",
  "InvalidAttributeValue",
  "MissingParameter",
])("%s is permanent, in every spelling", (code) => {
  expect(spellings(code).filter((spelling) => !isPermanent(spelling))).toEqual([]);
  expect(spellings(code).filter(isConfiguration)).toEqual([]);
});

test.each([
  "QueueDoesNotExist",
  "NonExistentQueue",
  "QueueDeletedRecently",
  "AccessDenied",
  "AccessDeniedException",
  "InvalidAddress",
  "InvalidSecurity",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "UnsupportedOperation",
  "KmsAccessDenied",
  "KmsDisabled",
  "KmsInvalidKeyUsage",
  "KmsInvalidState",
  "KmsNotFound",
  "KmsOptInRequired",
])("%s is access or configuration, in every spelling", (code) => {
  expect(spellings(code).filter((spelling) => !isConfiguration(spelling))).toEqual([]);
  expect(spellings(code).filter(isPermanent)).toEqual([]);
});

test.each([
  "KMS.AccessDeniedException",
  "KMS.DisabledException",
  "KMS.InvalidKeyUsageException",
  "KMS.InvalidStateException",
  "KMS.KMSInvalidStateException",
  "KMS.NotFoundException",
  "KMS.OptInRequired",
])("%s is access or configuration of the key", (code) => {
  expect(isConfiguration(code)).toBe(true);
});

test.each([
  "RequestThrottled",
  "AWS.SimpleQueueService.RequestThrottled",
  "ThrottlingException",
  "Throttling",
  "KmsThrottled",
  "KMS.ThrottlingException",
  "SlowDown",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "OverLimit",
  "ExpiredToken",
  "ExpiredTokenException",
  "CredentialsProviderError",
])("%s: nothing was taken, no message is to blame, and it passes", (code) => {
  expect([isNotTaken(code), isPermanent(code), isConfiguration(code)]).toEqual([
    true,
    false,
    false,
  ]);
});

test.each([
  "InternalError",
  "ServiceUnavailable",
  "TimeoutError",
  "Invalid",
  "Kms",
  "KMS.",
  "",
  "#",
])("'%s' is listed nowhere, which means: try again", (code) => {
  expect([isNotTaken(code), isPermanent(code), isConfiguration(code)]).toEqual([
    false,
    false,
    false,
  ]);
});
