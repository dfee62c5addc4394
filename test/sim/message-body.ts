/** The text of a message: who it is, and filling. Whatever ids are given to it on the way, by this it is known. */
export function bodyText(uid: number, bytes: number): string {
  return `m${uid} `.padEnd(bytes, "x");
}

export function uidOf(body: string): number {
  return Number.parseInt(body.slice(1), 10);
}
