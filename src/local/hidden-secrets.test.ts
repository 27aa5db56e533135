import { expect, test } from "vitest";
import { stringify } from "yaml";
import { HiddenSecrets } from "./hidden-secrets.ts";

const config = (password: string) =>
  stringify({
    scrape_configs: [
      { job_name: "a", basic_auth: { username: "bob", password } },
      { job_name: "b", authorization: { credentials: "token-of-b" }, params: { token: ["t1", "t2"] } },
      { job_name: "c", tls_config: { key: "-----BEGIN KEY-----\nsecret lines\n-----END KEY-----\n" } },
    ],
    remote_write: [{ url: "http://u:in-the-url@10.0.0.1:9009/push?a=b" }],
  });

test("no secret is left, and all else is as it was", () => {
  const shown = new HiddenSecrets().in(config("hunter2"));
  expect(shown).not.toMatch(/hunter2|token-of-b|t1|t2|secret lines|in-the-url/);
  expect(shown).toContain("      password: <secret 1>\n");
  expect(shown).toContain("http://u:<secret 6>@10.0.0.1:9009/push?a=b");
  expect(shown).toContain("username: bob");
});

test("another secret is another one, and the same is the same", () => {
  const secrets = new HiddenSecrets();
  const before = secrets.in(config("hunter2"));
  expect(secrets.in(config("hunter2"))).toBe(before);
  expect(secrets.in(config("hunter3"))).toBe(before.replace("<secret 1>", "<secret 7>"));
});

test("a configuration without secrets is as it was rendered", () => {
  const text = stringify({ global: { scrape_interval: "5s" }, url: "http://10.0.0.1:80/", regex: "a|\\\\d" });
  expect(new HiddenSecrets().in(text)).toBe(text);
  expect(new HiddenSecrets().in("")).toBe("");
});

test("what is no YAML is not shown", () => {
  expect(new HiddenSecrets().in("password: [hunter2")).not.toContain("hunter2");
});
