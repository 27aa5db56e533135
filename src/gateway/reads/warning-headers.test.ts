import { expect, test } from "vitest";
import { warningHeaders } from "./warning-headers.ts";

test("warnings are values of one header, and cannot be another one", () => {
  expect(warningHeaders([])).toEqual({});
  expect(warningHeaders(['shard "a"\r\nSet-Cookie: x', "ü"])).toEqual({
    warning: String.raw`199 promfleet "shard \"a\"??Set-Cookie: x", 199 promfleet "?"`,
  });
});
