import { expect, it } from "vitest";
import { findForeignSign } from "./find-foreign-sign.js";

const signOf = (headers: Record<string, string>) => findForeignSign(headers, () => false);

it.each<[string, Record<string, string>, string]>([
  ["host", { host: "evil.com$(id)`id`'\"\\" }, 'The host name "evil.com??id??id????" is not known here'],
  ["page", { host: "localhost", origin: "http://$(id)" }, 'Web pages of "http://??id?"'],
])("a %s is named without what a shell would run", (_name, headers, begin) => {
  const sign = signOf(headers);
  expect(sign).not.toMatch(/[$`\\]/);
  expect(sign).toContain(begin);
});

it.each([
  [{ host: "gpu.example.com:8000" }, '"gpu.example.com:8000"'],
  [{ host: "xn--bcher-kva_1.example" }, '"xn--bcher-kva_1.example"'],
  [{ host: "localhost", origin: "https://app.example.com:8443" }, '"https://app.example.com:8443"'],
])("%s is named as it is", (headers, named) => {
  expect(signOf(headers)).toContain(named);
});
