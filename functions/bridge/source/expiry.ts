/** Until when credentials are good, as far as they say so themselves. */
import { type Credentials, parseCreds } from "./credentials.ts";

/** Milliseconds since 1970. Undefined: they do not expire, or cannot be read. Only a JWT ever does. */
export function expiryOf({ creds }: Credentials): number | undefined {
  if (creds === undefined) return undefined;
  try {
    const [, claims = ""] = parseCreds(creds).jwt.split(".");
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { exp?: unknown };
    return typeof exp === "number" && exp > 0 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
