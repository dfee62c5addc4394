// What a file of tests works on: there before its first test, gone after its last.
import { afterAll } from "vitest";
import { operate, type Operator } from "./jetstream.ts";
import { type Parts, startParts } from "./parts.ts";

export async function partsOfFile(): Promise<{
  readonly parts: Parts;
  readonly operator: Operator;
}> {
  const parts = await startParts();
  const operator = await operate(parts.server.url);
  afterAll(async () => {
    await operator.close();
    await parts[Symbol.asyncDispose]();
  });
  return { parts, operator };
}
