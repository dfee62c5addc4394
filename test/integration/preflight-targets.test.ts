// What the preflight asks of AWS: is the target there, open to us, large enough, and does anybody listen?
import { describe, expect, test } from "vitest";
import { startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { type LocalEvents, startEvents } from "../support/event-bus.ts";
import { startFunctions } from "../support/function-endpoint.ts";
import { eventually } from "../support/lane.ts";
import { partsOfFile } from "../support/parts-of-file.ts";
import { startSecrets } from "../support/secrets-manager.ts";
import { type Answered, bundleOf, preflight } from "../support/preflight.ts";

bundleOf();
const { operator, parts } = await partsOfFile();

/** Of the function: what is denied is asked again for half of what is left of it. */
const BRIEF = { granted: 7000 };

async function deploy(
  environment: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>> = {},
  asked: { readonly granted?: number } = {},
): Promise<Answered> {
  const { answer } = await preflight(
    { AWS_LAMBDA_FUNCTION_NAME: "preflight", ...environment, ...changes },
    asked,
  );
  return answer;
}

describe.concurrent("a queue", () => {
  test("that is there and large enough is no reason for a word", async () => {
    const { environment } = await parts.route("FINE", { fifo: true, deadLetters: true });
    expect(await deploy(environment)).toMatchObject({ Status: "SUCCESS", Reason: "" });
  });

  test("that takes less than the stream is a warning, with both sizes", async () => {
    const queueAttributes = { MaximumMessageSize: "262144" };
    const { environment } = await parts.route("SMALL", { deadLetters: true, queueAttributes });
    const answer = await deploy(environment);
    expect(answer.Status).toBe("SUCCESS");
    expect(answer.Reason).toContain(
      "stream SMALL takes messages up to 1048576 bytes, and the target up to 262144",
    );
    expect(answer.Data?.Summary).toBe(
      "created, deliver all, max_deliver unlimited, 1 warning in the log",
    );
    await operator.jsm.streams.update("SMALL", { max_msg_size: 262_144 });
    expect((await deploy(environment)).Reason).toBe("");
  });

  test("for dead letters that is missing fails the deployment", async () => {
    const { environment, ...route } = await parts.route("DEAD");
    const missing = { DEAD_LETTER_QUEUE_URL: `${environment["SQS_QUEUE_URL"]}-dead` };
    const answer = await deploy(environment, missing);
    expect(answer.Status).toBe("FAILED");
    expect(answer.Reason).toMatch(/DEAD-dead cannot be used: QueueDoesNotExist.*DEAD_LETTER_QUEUE/);
    expect(await route.consumer()).toBeUndefined();
  });

  test("that stays denied fails the deployment, and one that is denied only at first does not", async () => {
    const { environment, ...route } = await parts.route("DENIED", { deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    const through = { AWS_ENDPOINT_URL: proxy.endpoint, AWS_ENDPOINT_URL_SQS: proxy.endpoint };
    const denial = { kind: "error", status: 403, code: "AccessDenied" } as const;
    proxy.script(() => denial);
    const answer = await deploy(environment, through, BRIEF);
    expect(answer.Status).toBe("FAILED");
    expect(answer.Reason).toMatch(/DENIED cannot be used: AccessDenied.*allow sqs:SendMessage/);
    // Although NATS had answered long before.
    expect(await route.consumer()).toBeUndefined();
    const before = proxy.batches.length;
    proxy.script(({ number }) => (number < before + 2 ? denial : undefined));
    expect(await deploy(environment, through, { granted: 20_000 })).toMatchObject({
      Status: "SUCCESS",
      Reason: "",
    });
    expect(proxy.batches.every(({ entries }) => entries.length === 0)).toBe(true);
  });
});

describe.concurrent("a bus", () => {
  async function given(
    name: string,
    retention: "limits" | "workqueue",
    events: LocalEvents,
  ): Promise<Readonly<Record<string, string>>> {
    events.createBus(name);
    await operator.stream(name, { retention });
    const dead = await parts.sqs.createQueue(`${name}-dead`);
    return {
      ...parts.sqs.environment,
      ...events.environment,
      NATS_URL: parts.server.url,
      JETSTREAM_STREAM: name,
      JETSTREAM_CONSUMER: "bridge",
      EVENT_BUS_NAME: name,
      EVENT_MAX_SIZE: "1MiB",
      DEAD_LETTER_QUEUE_URL: dead,
    };
  }

  test("that is not there fails the deployment, for it would drop everything", async () => {
    await using events = await startEvents();
    const environment = await given("NOBUS", "limits", events);
    events.deleteBus("NOBUS");
    const answer = await deploy(environment);
    expect(answer.Status).toBe("FAILED");
    expect(answer.Reason).toContain("the bus NOBUS cannot be used: ResourceNotFoundException");
    expect(answer.Reason).toContain("look at EVENT_BUS_NAME");
  });

  test("to which nobody listens is refused where the stream deletes on ack, and else a warning", async () => {
    await using events = await startEvents();
    const queue = await given("WORK", "workqueue", events);
    const kept = await given("KEPT", "limits", events);
    const refused = await deploy(queue);
    expect(refused.Status).toBe("FAILED");
    expect(refused.Reason).toContain("the bus WORK has no enabled rule and no archive");
    expect(refused.Reason).toContain("every message would be lost");
    expect(await deploy(kept)).toMatchObject({
      Status: "SUCCESS",
      Reason: expect.stringContaining("the bus KEPT has no enabled rule and no archive"),
    });
    // A rule that is off is none; one on the second page is one.
    events.createListener("WORK", "Rules", "DISABLED");
    expect((await deploy(queue)).Status).toBe("FAILED");
    events.createListener("WORK", "Rules");
    expect(await deploy(queue)).toMatchObject({ Status: "SUCCESS", Reason: "" });
  });

  test("that is archived may delete on ack", async () => {
    await using events = await startEvents();
    const environment = await given("ARCHIVED", "workqueue", events);
    events.createListener("ARCHIVED", "Archives", "DISABLED");
    events.createListener("ARCHIVED", "Archives");
    expect(await deploy(environment)).toMatchObject({ Status: "SUCCESS", Reason: "" });
  });

  test("that may not be looked at is a warning", async () => {
    await using events = await startEvents();
    const environment = await given("HIDDEN", "workqueue", events);
    events.deny("ListRules");
    events.deny("ListArchives");
    const listeners = await deploy(environment, {}, BRIEF);
    expect(listeners.Status).toBe("SUCCESS");
    expect(listeners.Reason).toContain("allow events:ListRules");
    expect(listeners.Reason).toContain("allow events:ListArchives");
    events.deny("DescribeEventBus");
    const bus = await deploy(environment, {}, BRIEF);
    expect(bus.Status).toBe("SUCCESS");
    expect(bus.Reason).toContain("allow events:DescribeEventBus");
  });
});

describe.concurrent("a secret", () => {
  test("that may be read a moment later is no failure; one that is not there is, and nothing of it is told", async () => {
    await using secrets = await startSecrets();
    const { environment } = await parts.route("SECRET", { deadLetters: true });
    const arn = secrets.put("nats", JSON.stringify({ user: "me", password: "open-sesame" }));
    const known = { ...secrets.environment, NATS_SECRET_ARN: arn };
    secrets.fail({ status: 400, code: "AccessDeniedException" });
    const asked = preflight(
      { AWS_LAMBDA_FUNCTION_NAME: "preflight", ...environment, ...known },
      { granted: 30_000 },
    );
    await eventually(() => expect(secrets.calls.length).toBeGreaterThan(0));
    secrets.fail(undefined);
    const { answer, stdout } = await asked;
    expect(answer).toMatchObject({ Status: "SUCCESS", Reason: "" });
    expect(stdout).not.toContain("open-sesame");
    secrets.remove("nats");
    const missing = await deploy(environment, known);
    expect(missing.Status).toBe("FAILED");
    expect(missing.Reason).toContain(`the secret ${arn}: cannot be read: ResourceNotFound`);
  });
});

describe.concurrent("a function", () => {
  test("that is not there, or may not be invoked, fails the deployment; it is never run", async () => {
    await using functions = await startFunctions();
    const { environment } = await parts.route("CALLED", { deadLetters: true });
    const arn = functions.deploy("ship-order", "accepting.mjs");
    const target = { ...functions.environment, SQS_QUEUE_URL: "", FUNCTION_ARN: arn };
    functions.forbid(true);
    const forbidden = await deploy(environment, target, BRIEF);
    expect(forbidden.Status).toBe("FAILED");
    expect(forbidden.Reason).toContain(`the function ${arn} cannot be invoked: AccessDenied`);
    functions.forbid(false);
    const missing = await deploy(environment, { ...target, FUNCTION_ARN: `${arn}-other` });
    expect(missing.Reason).toContain("ResourceNotFoundException");
    expect((await deploy(environment, target)).Status).toBe("SUCCESS");
    expect(functions.invocations).toEqual([]);
  });
});
