import { describe, expect, it } from "vitest";
import { parseClearFilter } from "./parse-clear-filter.js";

describe("parseClearFilter", () => {
  it.each([[{}], [{ model: "tiny:latest" }], [{ model: "m", tenant: "alice", olderThan: "60" }]])(
    "takes %j",
    (query) => expect(parseClearFilter(query)).toEqual(query),
  );

  it.each<[Record<string, unknown>, string]>([
    [{ modell: "tiny" }, "modell: is no filter; there are model, olderThan, tenant"],
    [{ model: "tiny", limit: "5" }, "limit: is no filter"],
    [{ "older-than": "60" }, "older-than: is no filter"],
    [{ tenant: "" }, "tenant: must be given once"],
    [{ tenant: ["alice", "bob"] }, "tenant: must be given once"],
  ])("refuses %j, which would delete more than is meant", (query, message) =>
    expect(() => parseClearFilter(query)).toThrow(message),
  );
});
