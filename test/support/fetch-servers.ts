// Before the integration tests: fetch the servers once, so that no single test pays for it, and say which they are.
import { findMinistack } from "./fetch-ministack.ts";
import { findNatsServer, findOldNatsServer } from "./find-nats-server.ts";

export default async function setup(): Promise<void> {
  await findNatsServer(console.log);
  // Tests on the oldest supported server, and on the emulator of AWS, skip themselves where it cannot be had; under CI a
  // skip is a failure.
  await findOldNatsServer(console.log).catch((error: Error) => console.log(error.message));
  await findMinistack().catch((error: Error) => console.log(error.message));
}
