import { describe, expect, it } from "vitest";
import { RefusedCommands } from "./refused-commands.js";

describe("RefusedCommands", () => {
  const start = () => {
    const clock = { now: 0 };
    return { clock, refused: new RefusedCommands(() => clock.now) };
  };

  it("stands until the same command succeeds", () => {
    const { refused } = start();
    expect(refused.reason).toBeUndefined();
    expect(refused.add("set", "OOM command not allowed")).toBe("refuses SET: OOM command not allowed");
    refused.remove("get");
    expect(refused.reason).toBe("refuses SET: OOM command not allowed");
    refused.remove("set");
    expect(refused.reason).toBeUndefined();
  });

  it.each([
    "BUSY Redis is busy running a script",
    "LOADING Redis is loading",
    "MASTERDOWN Link with MASTER is down",
  ])("ends with any command's success where all were refused: %s", (text) => {
    const { refused } = start();
    refused.add("zrevrangebyscore", text);
    refused.remove("get");
    expect(refused.reason).toBeUndefined();
  });

  it("is logged once a minute, however often it comes and goes", () => {
    const { clock, refused } = start();
    const logged = Array.from({ length: 130 }, (_, second) => {
      clock.now = second * 1000;
      refused.remove("set");
      return refused.add("set", "OOM");
    });
    expect(logged.filter(Boolean)).toHaveLength(3);
    expect(refused.add("del", "OOM")).toBeUndefined();
    expect(refused.add("set", "READONLY")).toBe("refuses SET: READONLY");
  });

  it("fades when nobody asks again", () => {
    const { clock, refused } = start();
    refused.add("set", "OOM");
    clock.now = 61_000;
    expect(refused.reason).toBeUndefined();
  });
});
