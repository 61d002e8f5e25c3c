import { setTimeout as delay } from "node:timers/promises";
import { type ApiError, toApiError } from "#anthropic/errors.js";
import type { BackendModel } from "../inference-backend.js";

/** How long the others wait for a model that Ollama is slow to describe. */
const patienceMs = 1000;

/** A model that Ollama lists, and its description. */
export interface AskedModel {
  name: string;
  description: Promise<BackendModel>;
}

export interface GatheredModels {
  /** In their order. */
  described: BackendModel[];
  /** The names of those that may be described yet. */
  undescribed: string[];
}

/**
 * The models that can be described. Ollama lists some that it cannot show: one that is broken, or whose disk is slow or
 * hangs. Such a one hides no other. One that is not found is being deleted.
 * @throws ApiError why none can be described
 */
export async function gatherDescribed(asked: readonly AskedModel[]): Promise<GatheredModels> {
  const found = new Map<string, BackendModel | ApiError>();
  const all = asked.map(async ({ name, description }) => {
    found.set(name, await description.catch(toApiError));
  });
  try {
    await Promise.any(asked.map(({ description }) => description));
  } catch {
    const failures = [...found.values()].filter((one) => one instanceof Error);
    const failure = failures.find((one) => !isGone(one));
    if (failure) throw failure;
    return { described: [], undescribed: [] };
  }
  await Promise.race([Promise.all(all), delay(patienceMs, undefined, { ref: false })]);
  return {
    described: asked.map(({ name }) => found.get(name)).filter(isDescribed),
    undescribed: asked
      .map(({ name }) => name)
      .filter((name) => !isDescribed(found.get(name)) && !isGone(found.get(name))),
  };
}

const isDescribed = (one: BackendModel | ApiError | undefined): one is BackendModel =>
  one !== undefined && !(one instanceof Error);

const isGone = (one: BackendModel | ApiError | undefined): boolean =>
  one instanceof Error && one.type === "not_found_error";
