import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fillTemplate,
  parseTemplate,
  TemplateError,
  tokenBeyond,
} from "../../../functions/bridge/map/template.ts";
import { headers, message } from "../../support/messages.ts";

const order = message({
  headers: headers({ Tenant: ["acme", "other"], Empty: "", "a.b": "dots" }),
});

test.each([
  ["{stream}", "ORDERS"],
  ["{subject}", "orders.eu.7"],
  ["{subject.1}", "orders"],
  ["{subject.3}", "7"],
  ["{header.Tenant}", "acme"],
  ["{header.a.b}", "dots"],
  ["all", "all"],
  ["{stream}-{subject.2}/{header.Tenant}", "ORDERS-eu/acme"],
  ["{subject.2}{subject.2}", "eueu"],
])("%s is filled as %s", (template, text) => {
  expect(fillTemplate(parseTemplate(template), order)).toBe(text);
});

test.each([
  ["{subject.4}", "the template asks for subject token 4, and the subject has 3"],
  ["{header.None}", "the template asks for the header None, which is missing or empty"],
  ["{header.Empty}", "the template asks for the header Empty, which is missing or empty"],
  ["{header.tenant}", "the template asks for the header tenant, which is missing or empty"],
  ["x-{header.None}", "the template asks for the header None, which is missing or empty"],
])("%s rejects a message that has no such part", (template, rejected) => {
  expect(fillTemplate(parseTemplate(template), order)).toEqual({ rejected });
});

test.each([
  "",
  "{}",
  "{other}",
  "{Subject}",
  "{subject.0}",
  "{subject.-1}",
  "{subject.x}",
  "{subject.1.2}",
  "{subject.}",
  "{header}",
  "{header.}",
  "{ subject }",
  "{subject",
  "subject}",
  "{{subject}}",
  "a}{b",
])("the template '%s' is refused, and the error says what would be right", (template) => {
  expect(() => parseTemplate(template)).toThrow(TemplateError);
  expect(() => parseTemplate(template)).toThrow("{subject.1} (tokens from 1) or {header.Name}");
});

test("a template with an unknown place is told which", () => {
  expect(() => parseTemplate("{stream}-{tenant}")).toThrow("not {tenant}");
});

test("text without braces is a template that is always filled with itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      fc.pre(!/[{}]/.test(text));
      expect(fillTemplate(parseTemplate(text), order)).toBe(text);
    }),
  );
});

test("a parsed template fills any message, or says why it cannot, and never throws", () => {
  const places = fc.constantFrom("{stream}", "{subject}", "{subject.2}", "{header.A}", "-", "x");
  const anyTemplate = fc.array(places, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      anyTemplate,
      fc.constantFrom("a", "a.b", "a.b.c"),
      fc.boolean(),
      (parts, subject, has) => {
        const given = message({ subject, headers: headers(has ? { A: "v" } : {}) });
        const filled = fillTemplate(parseTemplate(parts.join("")), given);
        const lacks =
          (parts.includes("{subject.2}") && subject === "a") ||
          (parts.includes("{header.A}") && !has);
        expect(typeof filled === "object").toBe(lacks);
      },
    ),
  );
});

test.each([
  ["{subject.3}", "orders.*", 3],
  ["{subject.1}-{subject.4}", "orders.*.7", 4],
  ["{subject.2}", "orders", 2],
])("%s can never be filled from %s", (template, filter, token) => {
  expect(tokenBeyond(parseTemplate(template), filter)).toBe(token);
});

test.each([
  ["{subject.2}", "orders.*"],
  ["{subject.9}", "orders.>"],
  ["{subject.9}", ">"],
  ["{subject}", "orders"],
  ["{header.X}", "orders"],
  ["all", "orders"],
])("%s can be filled from %s", (template, filter) => {
  expect(tokenBeyond(parseTemplate(template), filter)).toBeUndefined();
});
