/** Texts → values. Each gives undefined for a text that is none. */

export function nameOf(text: string): string | undefined {
  return /^[^\s.*>/\\]+$/.test(text) ? text : undefined;
}

/** Tokens with dots; `*` stands for one, `>` at the end for all that follow. */
const SUBJECT = /^(([^\s.*>]+|\*)\.)*([^\s.*>]+|\*|>)$/;

export function subjectsOf(text: string): readonly string[] | undefined {
  const subjects = text.split(",").map((one) => one.trim());
  return subjects.every((one) => SUBJECT.test(one)) ? subjects : undefined;
}

/** A subject without wildcards; a dot at its end is left out. */
export function prefixOf(text: string): string | undefined {
  const prefix = text.replace(/\.$/, "");
  return /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(prefix) ? prefix : undefined;
}

/** RFC 3339, on a day that exists: `Date.parse` takes 30 February for 2 March, and NATS refuses it. */
export function timeOf(text: string): string | undefined {
  const isTime =
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text));
  const day = text.slice(0, 10);
  return isTime && new Date(day).toISOString().startsWith(day) ? text : undefined;
}

export function queueUrlOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { pathname, protocol } = new URL(text);
  const name = pathname.split("/").at(-1) ?? "";
  return /^https?:$/.test(protocol) && name !== "" ? text : undefined;
}

export function functionArnOf(text: string): string | undefined {
  return /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(text)
    ? text
    : undefined;
}

/** Complete, or without the random suffix. */
export function secretArnOf(text: string): string | undefined {
  return /^arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,519}$/.test(text)
    ? text
    : undefined;
}

/** A bucket's name, as S3 allows it. */
export function bucketOf(text: string): string | undefined {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text) ? text : undefined;
}

/** A namespace of CloudWatch's; those that begin with `AWS/` are its own. */
export function namespaceOf(text: string): string | undefined {
  return /^(?!AWS\/)[\w./#-][\w.:/# -]{0,254}$/.test(text) ? text : undefined;
}

/** `1MiB`, `256KiB`, `64KB`, or a number of bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)\s*(B|KB|KiB|MB|MiB)?$/.exec(text);
  if (!match) return undefined;
  const factor = { B: 1, KB: 1000, KiB: 1024, MB: 1_000_000, MiB: 1_048_576 }[match[2] ?? "B"] ?? 1;
  return Number(match[1]) * factor;
}
