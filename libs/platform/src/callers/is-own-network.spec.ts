import { describe, expect, it } from "vitest";
import { isOwnNetwork } from "./is-own-network.js";

describe("isOwnNetwork", () => {
  it.each([
    "127.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "10.1.2.3",
    "172.31.0.9",
    "::ffff:172.18.0.4",
    "192.168.5.6",
    "fd00::1",
    "fe80::1",
  ])("knows %s", (address) => expect(isOwnNetwork(address)).toBe(true));

  it.each([undefined, "8.8.8.8", "172.32.0.1", "192.169.0.1", "100.64.0.1", "::ffff:8.8.8.8", "2001:db8::1"])(
    "not %s",
    (address) => expect(isOwnNetwork(address)).toBe(false),
  );
});
