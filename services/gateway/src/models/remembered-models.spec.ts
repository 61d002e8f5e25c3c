import { describe, expect, it } from "vitest";
import type { ModelCard } from "#service-contracts/model-card.js";
import type { CacheClient } from "../caching/cache.client.js";
import { GatewayConfig } from "../gateway.config.js";
import { RememberedModels } from "./remembered-models.js";

const card = (id: string) => ({ type: "model", id, fingerprint: "f" }) as ModelCard;

/** A cache service's notes. */
class FakeNotes {
  notes = new Map<string, unknown>();
  writes = 0;
  isAway = false;

  async putNote(name: string, value: unknown): Promise<boolean> {
    this.writes += 1;
    if (!this.isAway) this.notes.set(name, structuredClone(value));
    return !this.isAway;
  }

  async getNote(name: string): Promise<unknown> {
    return this.isAway ? undefined : this.notes.get(name);
  }
}

const remember = (notes: FakeNotes, url = "http://adapter:8200") =>
  new RememberedModels(
    Object.assign(new GatewayConfig(), { INFERENCE_URL: url }),
    notes as unknown as CacheClient,
  );

describe("RememberedModels", () => {
  it("gives another gateway what one has written", async () => {
    const notes = new FakeNotes();
    remember(notes).write([card("a"), card("b")]);
    expect(await remember(notes).read()).toEqual([card("a"), card("b")]);
  });

  it("keeps the models of each inference service apart", async () => {
    const notes = new FakeNotes();
    remember(notes).write([card("a")]);
    expect(await remember(notes, "http://other:8200").read()).toBeUndefined();
  });

  it("writes what has changed only, and again what was not taken", async () => {
    const notes = new FakeNotes();
    const remembered = remember(notes);
    for (let count = 0; count < 3; count++) remembered.write([card("a")]);
    expect(notes.writes).toBe(1);
    notes.isAway = true;
    remembered.write([card("b")]);
    await Promise.resolve();
    notes.isAway = false;
    remembered.write([card("b")]);
    expect(notes.writes).toBe(3);
    expect(await remembered.read()).toEqual([card("b")]);
  });

  it.each([[null], ["text"], [{}], [[{}]], [[null]]])("takes %j for nothing", async (value) => {
    const notes = new FakeNotes();
    remember(notes).write([card("a")]);
    for (const name of notes.notes.keys()) notes.notes.set(name, value);
    expect(await remember(notes).read()).toBeUndefined();
  });
});
