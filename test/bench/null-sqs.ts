// An SQS that keeps nothing: reads each batch, answers with the MD5 of every body, after a pause if one is given.
// A process of its own, so that what it costs is not counted with what is measured.
import { hash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Entry = { readonly Id: string; readonly MessageBody: string };

const latencyMs = Number(process.argv[2] ?? 0);
let taken = 0;

function answerTo(target: string, body: string): object {
  if (!target.endsWith(".SendMessageBatch"))
    return { Attributes: { MaximumMessageSize: "1048576" } };
  const { Entries } = JSON.parse(body) as { Entries: readonly Entry[] };
  taken += Entries.length;
  const Successful = Entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: `00000000-0000-4000-8000-${String(taken).padStart(12, "0")}`,
    MD5OfMessageBody: hash("md5", MessageBody),
  }));
  return { Successful };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const target = String(request.headers["x-amz-target"]);
    const text = JSON.stringify(answerTo(target, Buffer.concat(chunks).toString()));
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
process.on("message", () => process.send?.({ taken }));
