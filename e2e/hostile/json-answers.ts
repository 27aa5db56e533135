import type { HostileAnswer } from "./http-answers.ts";
import { plainBody, sendPlain } from "./http-answers.ts";

const other = (name: string, make: (text: Buffer) => Buffer | string): HostileAnswer => ({
  name,
  of: "json",
  isSlow: name.startsWith("data that is deep"),
  mayBeRight: name === "two data",
  isInside: name.startsWith("a byte"),
  act: (exchange) => sendPlain(exchange, Buffer.from(make(plainBody(exchange)))),
});
const at = (text: Buffer, part: number, put: string) => {
  const place = Math.floor((text.length - 2) * part);
  return Buffer.concat([text.subarray(0, place), Buffer.from(put), text.subarray(place + put.length)]);
};
const replaced = (text: Buffer, from: RegExp | string, to: string) => {
  const before = text.toString();
  const after = before.replace(from, to);
  // an answer without the place would be no hostile one
  return after === before ? "{}" : after;
};
const changed = (name: string, from: RegExp, to: string): HostileAnswer => ({
  name,
  of: "json",
  isInside: true,
  act(exchange) {
    const text = plainBody(exchange).toString();
    sendPlain(exchange, Buffer.from(from.test(text) ? text.replace(from, to) : "{}"));
  },
});

/** Mistakes of JSON, and JSON that is none of Prometheus. All of it has the right length and checksum. */
export function jsonAnswers(random: () => number): HostileAnswer[] {
  return [
    // a control character is allowed nowhere in JSON
    ...[0, 0.3, 0.6, 0.99].map((part) =>
      other(`a byte that JSON has nowhere, at ${part}`, (text) => at(text, part, "\u0001")),
    ),
    other("a byte that JSON has nowhere, somewhere", (text) => at(text, random(), "\u0001")),
    other("cut, with a length that fits", (text) => text.subarray(0, Math.floor(text.length * random()))),
    other("without its last bracket", (text) => text.subarray(0, text.lastIndexOf("}"))),
    other("something after its end", (text) => `${text.toString()}{"status":"success"}`),
    other("UTF-16", (text) => Buffer.from(text.toString(), "utf16le")),
    other("a byte order mark", (text) => `\uFEFF${text.toString()}`),
    other("null", () => "null"),
    other("a list", () => "[]"),
    other("a number", () => "1e999"),
    other("no data", () => '{"status":"success"}'),
    other("data that is null", () => '{"status":"success","data":null}'),
    other("an error with status 200", () => '{"status":"error","errorType":"internal","error":"no"}'),
    other(
      "another type of result",
      () => '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}',
    ),
    other("a result that is an object", (text) => replaced(text, /"result":\[[^]*\]/, '"result":{"0":{}}')),
    other("data that is deep", () => `{"status":"success","data":${"[".repeat(1e6)}${"]".repeat(1e6)}}`),
    other("data that is deeper, and open", () => `{"status":"success","data":${'{"a":'.repeat(1e6)}`),
    other("two statuses", (text) =>
      replaced(text, '{"status":"success"', '{"status":"success","status":"error"'),
    ),
    other("two data", (text) => replaced(text, /\}\s*$/, ',"data":{"resultType":"matrix","result":[]}}')),
    other("data first", (text) => replaced(text, /^\{"status":"success",([^]*)\}$/, '{$1,"status":"error"}')),
  ];
}

/** Those of one element of a result. */
export function elementAnswers(): HostileAnswer[] {
  const firstPoint = /\[(\d+(?:\.\d+)?),"([^"]*)"\]/;
  return [
    changed("labels that are a list", /"metric":\{[^}]*\}/, '"metric":["m"]'),
    changed("a label that is a number", /"metric":\{/, '"metric":{"a":1,'),
    changed("a time out of range", firstPoint, '[1e999,"$2"]'),
    changed("a time that is text", firstPoint, '["$1","$2"]'),
    changed("a value that is no number", firstPoint, '[$1,"many"]'),
    changed("a value without quotes", firstPoint, "[$1,1e999]"),
    changed("a sample of three", firstPoint, '[$1,"$2","3"]'),
    changed("a sample that is null", firstPoint, "null"),
  ];
}
