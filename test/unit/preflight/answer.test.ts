import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deliverAnswer, responseText } from "../../../functions/bridge/preflight/answer.ts";
import type { CloudFormationRequest } from "../../../functions/bridge/preflight/request.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const request: CloudFormationRequest = {
  RequestType: "Create",
  ResponseURL: "https://example.com/answer",
  StackId: "arn:aws:cloudformation:eu-west-1:123456789012:stack/Orders/1",
  RequestId: "request-1",
  LogicalResourceId: "Preflight",
};

interface Parsed {
  readonly Reason: string;
}

function textOf(Reason: string): string {
  return responseText(request, { Status: "FAILED", Reason, PhysicalResourceId: "failed" });
}

describe("the response", () => {
  test("carries what CloudFormation needs to recognise it", () => {
    expect(JSON.parse(textOf("no stream"))).toEqual({
      Status: "FAILED",
      Reason: "no stream",
      PhysicalResourceId: "failed",
      StackId: request.StackId,
      RequestId: "request-1",
      LogicalResourceId: "Preflight",
    });
  });

  test("is never longer than 4096 bytes, and what is cut ends with an ellipsis", () => {
    const reasons = fc.string({ unit: "binary", maxLength: 6000, size: "max" });
    fc.assert(
      fc.property(reasons, (reason) => {
        const text = textOf(reason);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
        const { Reason } = JSON.parse(text) as Parsed;
        expect(Reason === reason || reason.startsWith(Reason.slice(0, -1))).toBe(true);
        if (Reason !== reason) expect(Reason).toMatch(/…$/);
      }),
    );
  });

  test("loses no more of its reason than it has to", () => {
    expect(Buffer.byteLength(textOf("ö".repeat(5000)))).toBeGreaterThan(4090);
    expect(Buffer.byteLength(textOf("\n".repeat(5000)))).toBeGreaterThan(4090);
  });
});

describe("its delivery", () => {
  async function deliver(answers: readonly (number | Error)[]): Promise<readonly number[]> {
    const clock = new FakeClock();
    const startedAt = clock.now();
    const attempts: number[] = [];
    const put = async (): Promise<number> => {
      const answer = answers[Math.min(attempts.length, answers.length - 1)]!;
      attempts.push(clock.now() - startedAt);
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const delivery = deliverAnswer("https://example.com/a?sign", "{}", {
      put,
      clock,
      until: startedAt + 1000,
    });
    const ended = delivery.then(() => attempts);
    void clock.advance(5000);
    return ended;
  }

  test("is tried again after an error and after a refusal", async () => {
    expect(await deliver([new Error("reset"), 503, 200])).toEqual([0, 300, 600]);
  });

  test("ends when time is over, and says so without the signed URL", async () => {
    const error = await deliver([403]).catch((thrown: unknown) => thrown as Error);
    expect(String(error)).toContain("did not take the answer: HTTP 403");
    expect(String(error)).not.toContain("sign");
  });
});
