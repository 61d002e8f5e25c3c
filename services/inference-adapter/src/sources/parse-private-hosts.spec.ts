import { expect, it } from "vitest";
import { parsePrivateHosts } from "./parse-private-hosts.js";

it.each<[string, string[]]>([
  ["", []],
  ["wiki.internal", ["wiki.internal"]],
  [" Wiki.internal:8080 , 10.0.0.5,[fd00::1]:80", ["wiki.internal:8080", "10.0.0.5", "[fd00::1]:80"]],
])("%j", (text, hosts) => expect([...parsePrivateHosts(text)]).toEqual(hosts));

it.each(["http://wiki.internal", "wiki.internal/path", "a b", "a:b"])("%s is refused", (text) => {
  expect(() => parsePrivateHosts(text)).toThrow("host,host:port");
});
