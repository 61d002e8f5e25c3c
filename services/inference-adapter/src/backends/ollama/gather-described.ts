import { setTimeout as delay } from "node:timers/promises";
import { toApiError } from "#anthropic/errors.js";
import type { BackendModel } from "../inference-backend.js";

/** How long the others wait for a model that Ollama is slow to describe. */
const patienceMs = 1000;

/**
 * The models that can be described, in their order. Ollama lists some that it cannot show: one that is just being
 * deleted, that is broken, or whose disk hangs. Such a one is left out until it can be, and hides no other.
 * @throws ApiError why none can be described
 */
export async function gatherDescribed(asked: readonly Promise<BackendModel>[]): Promise<BackendModel[]> {
  const described: (BackendModel | undefined)[] = [];
  const all = Promise.allSettled(asked.map(async (one, index) => (described[index] = await one)));
  try {
    await Promise.any(asked);
  } catch (error) {
    const failures = (error as AggregateError).errors.map(toApiError);
    const failure = failures.find(({ type }) => type !== "not_found_error");
    if (failure) throw failure;
    return [];
  }
  await Promise.race([all, delay(patienceMs, undefined, { ref: false })]);
  return described.filter((model) => model !== undefined);
}
