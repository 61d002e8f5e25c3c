import { expect, it, vi } from "vitest";
import type { InferenceClient } from "../inference/inference.client.js";
import { ReplacedModels } from "./replaced-models.js";

function start(fingerprints: Record<string, string | undefined>) {
  const getModel = vi.fn(async (id: string) => {
    if (!(id in fingerprints)) throw new Error("no such model, or nobody answers");
    return { id, fingerprint: fingerprints[id] };
  });
  return { getModel, models: new ReplacedModels({ getModel } as unknown as InferenceClient) };
}

it("tells the models of which another one has the name", async () => {
  const { models } = start({ same: "f1", moved: "f2" });
  const asked = ["same", "moved"].map((name) => ({ name, fingerprint: "f1" }));
  const isReplaced = await models.find(asked);
  expect(asked.map(isReplaced)).toEqual([false, true]);
});

it("looks at each once, and not at what was known before", async () => {
  const { models, getModel } = start({ moved: "f2" });
  const asked = ["f1", "f2", "f1"].map((fingerprint) => ({ name: "moved", fingerprint }));
  const isReplaced = await models.find(asked);
  expect(asked.map(isReplaced)).toEqual([true, false, true]);
  expect(getModel.mock.calls).toEqual([["moved", { isFresh: true }]]);
});

it("assumes it of none that cannot be looked at, and asks nothing of servers without fingerprints", async () => {
  const { models, getModel } = start({ bare: undefined });
  const asked = [
    { name: "gone", fingerprint: "f1" },
    { name: "bare", fingerprint: "f1" },
    { name: "foreign", fingerprint: undefined },
  ];
  const isReplaced = await models.find(asked);
  expect(asked.map(isReplaced)).toEqual([false, false, false]);
  expect(getModel.mock.calls.map(([id]) => id)).toEqual(["gone", "bare"]);
});
