import { describe, expect, it } from "vitest";
import type { ModelCard } from "#service-contracts/model-card.js";
import type { ModelsQuery } from "./models-query.js";
import { toModelPage } from "./to-model-page.js";

const card = (id: string): ModelCard => ({
  type: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  max_input_tokens: 65_536,
  max_tokens: 65_536,
  fingerprint: "inner",
});
const models = ["a", "b", "c", "d", "e"].map(card);

describe("toModelPage", () => {
  it.each<[string, ModelsQuery, string, boolean]>([
    ["all", {}, "abcde", false],
    ["the first ones", { limit: 2 }, "ab", true],
    ["exactly all", { limit: 5 }, "abcde", false],
    ["those after one", { after_id: "b" }, "cde", false],
    ["some after one", { after_id: "b", limit: 2 }, "cd", true],
    ["nothing after the last", { after_id: "e" }, "", false],
    ["those before one", { before_id: "c" }, "ab", false],
    ["the nearest before one", { before_id: "d", limit: 2 }, "bc", true],
    ["nothing before the first", { before_id: "a" }, "", false],
    ["those between two", { after_id: "a", before_id: "e" }, "bcd", false],
    ["all after an unknown one", { after_id: "x" }, "abcde", false],
    ["all before an unknown one", { before_id: "x" }, "abcde", false],
  ])("%s", (_name, query, ids, hasMore) => {
    const page = toModelPage(models, query);
    expect(page.data.map(({ id }) => id).join("")).toBe(ids);
    expect(page).toMatchObject({
      has_more: hasMore,
      first_id: ids.at(0) ?? null,
      last_id: ids.at(-1) ?? null,
    });
  });

  it("holds twenty where no number is given", () => {
    const many = Array.from({ length: 25 }, (_, index) => card(`m${index + 10}`));
    expect(toModelPage(many, {})).toMatchObject({ has_more: true, last_id: "m29" });
  });

  it("is the newest first, in one order however they are listed", () => {
    const newest = { ...card("x"), created_at: "2026-02-01T00:00:00Z" };
    for (const listed of [
      [...models, newest],
      [newest, ...models.toReversed()],
    ])
      expect(
        toModelPage(listed, {})
          .data.map(({ id }) => id)
          .join(""),
      ).toBe("xabcde");
  });

  it("keeps the fingerprint inside", () => {
    expect(toModelPage(models, { limit: 1 }).data).toEqual([
      {
        type: "model",
        id: "a",
        display_name: "a",
        created_at: "2026-01-01T00:00:00Z",
        max_input_tokens: 65_536,
        max_tokens: 65_536,
      },
    ]);
  });
});
