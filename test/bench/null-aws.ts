// SQS, EventBridge and Lambda that keep nothing: reads each call and answers as if it had been taken, after a pause if one
// is given. A process of its own, so that what it costs is not counted with what is measured.
import { hash } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

type Entry = { readonly Id: string; readonly MessageBody: string };

const latencyMs = Number(process.argv[2] ?? 0);
let taken = 0;

function answerTo(headers: IncomingHttpHeaders, body: string): object | undefined {
  const operation = String(headers["x-amz-target"]).split(".").at(-1);
  switch (operation) {
    case "SendMessageBatch": {
      const { Entries } = JSON.parse(body) as { Entries: readonly Entry[] };
      const Successful = Entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: newId(),
        MD5OfMessageBody: hash("md5", MessageBody),
      }));
      return { Successful };
    }
    case "PutEvents": {
      const { Entries } = JSON.parse(body) as { Entries: readonly unknown[] };
      return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: newId() })) };
    }
    case "GetQueueAttributes":
      return { Attributes: { MaximumMessageSize: "1048576" } };
    case "DescribeEventBus":
      return { Name: "bench" };
    // Lambda's calls have no operation in a header; a function that returns nothing has an empty answer.
    default:
      return undefined;
  }
}

function newId(): string {
  taken += 1;
  return `00000000-0000-4000-8000-${String(taken).padStart(12, "0")}`;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const given = answerTo(request.headers, Buffer.concat(chunks).toString());
    const text = given ? JSON.stringify(given) : "";
    const answer = (): void => {
      response.writeHead(200, {
        "content-type": "application/x-amz-json-1.0",
        "content-length": Buffer.byteLength(text),
      });
      response.end(text);
    };
    if (latencyMs > 0) setTimeout(answer, latencyMs);
    else answer();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
