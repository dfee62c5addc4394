import { expect, test } from "vitest";
import { xrayTraceHeader } from "../../../functions/bridge/map/trace.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const XRAY = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7";

test.each([
  ["a sampled trace", `00-${TRACE}-${SPAN}-01`, `${XRAY};Sampled=1`],
  ["one that is not sampled", `00-${TRACE}-${SPAN}-00`, `${XRAY};Sampled=0`],
  ["one with only other flags", `00-${TRACE}-${SPAN}-02`, `${XRAY};Sampled=0`],
  ["one with all flags", `00-${TRACE}-${SPAN}-ff`, `${XRAY};Sampled=1`],
  ["a future version", `cc-${TRACE}-${SPAN}-01`, `${XRAY};Sampled=1`],
  [
    "a future version with more",
    `cc-${TRACE}-${SPAN}-01-what-the-future-brings`,
    `${XRAY};Sampled=1`,
  ],
])("%s is passed on to X-Ray", (_what, traceparent, header) => {
  expect(xrayTraceHeader(traceparent)).toBe(header);
});

test.each([
  ["none at all", undefined],
  ["an empty one", ""],
  ["other text", "yes"],
  ["a trace id of nothing but zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["a parent id of nothing but zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["the version that will never be", `ff-${TRACE}-${SPAN}-01`],
  ["capital letters", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ["a trace id that is too short", `00-${TRACE.slice(1)}-${SPAN}-01`],
  ["a parent id that is too long", `00-${TRACE}-${SPAN}0-01`],
  ["flags that are missing", `00-${TRACE}-${SPAN}`],
  ["more without a dash", `cc-${TRACE}-${SPAN}-01x`],
  ["blanks around it", ` 00-${TRACE}-${SPAN}-01`],
])("%s is no trace", (_what, traceparent) => {
  expect(xrayTraceHeader(traceparent)).toBeUndefined();
});
