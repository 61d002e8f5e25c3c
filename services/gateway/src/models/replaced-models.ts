import { Injectable } from "@nestjs/common";
import { InferenceClient } from "../inference/inference.client.js";

/** Who gave an answer. */
export interface AnsweringModel {
  name: string;
  /** See `ModelCard`. */
  fingerprint: string | undefined;
}

/** Whether another model has a model's name by now. A request may have waited while it was replaced. */
@Injectable()
export class ReplacedModels {
  constructor(private readonly inference: InferenceClient) {}

  /** One look at each, for all answers that have ended by now. Of one that cannot be looked at it is not assumed. */
  async find(models: readonly AnsweringModel[]): Promise<(model: AnsweringModel) => boolean> {
    const current = new Map<string, string | undefined>();
    const looks = [...new Set(models.filter(isOurs).map(({ name }) => name))].map(async (name) => {
      const card = await this.inference.getModel(name, { isFresh: true }).catch(() => undefined);
      current.set(name, card?.fingerprint);
    });
    await Promise.all(looks);
    return ({ name, fingerprint }) => (current.get(name) ?? fingerprint) !== fingerprint;
  }
}

/** Servers that are not ours tell no fingerprint. */
const isOurs = ({ fingerprint }: AnsweringModel) => fingerprint !== undefined;
