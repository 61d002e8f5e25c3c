import { expect, it } from "vitest";
import { findFreePort } from "../../tests/support/free-ports.js";
import { choosePort } from "./choose-port.js";

it("a port that nobody named makes way for the gateway, which listens later", async () => {
  const port = await findFreePort();
  const wish = { name: "CACHE_PORT", port, host: "127.0.0.1" };
  expect(await choosePort(wish, {}, port)).toBe(0);
  expect(await choosePort(wish, {}, 0)).toBe(port);
});
