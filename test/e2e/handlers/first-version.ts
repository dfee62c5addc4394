import type { Handler } from "jetstream-aws-bridge/handler";
import { noting } from "./noting.ts";

export const handler: Handler = noting("v1");
