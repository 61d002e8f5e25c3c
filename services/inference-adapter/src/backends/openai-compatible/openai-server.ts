import type { BackendModel } from "../inference-backend.js";
import { mapServerKind, type ServerKind, type ServerTraits, serverTraits } from "./map-server-kind.js";
import type { OpenAiClient } from "./openai.client.js";
import type { ListedModel } from "./openai-wire.js";
import { type ModelDetails, toBackendModel } from "./to-backend-model.js";

/** Which program serves the models, as its list of models tells, and what it says about them. */
export class OpenAiServer {
  kind: ServerKind = "other";

  constructor(readonly client: OpenAiClient) {}

  get traits(): ServerTraits {
    return serverTraits[this.kind];
  }

  /** @throws ApiError */
  async listModels(): Promise<BackendModel[]> {
    const listed = await this.client.models();
    this.kind = mapServerKind(listed[0]?.owned_by);
    const detailsOf = await this.readDetails();
    return listed.flatMap((model) => {
      const details = detailsOf(model);
      return details.lmStudio?.type === "embeddings" ? [] : [toBackendModel(model, details)];
    });
  }

  private async readDetails(): Promise<(model: ListedModel) => ModelDetails> {
    if (this.kind === "llama.cpp") {
      // A router in front of several models has no properties of its own, or some that mean nothing.
      const props = await this.client.props().catch(() => undefined);
      return () => (props && props.role !== "router" ? { props } : {});
    }
    if (this.kind === "lm-studio") {
      const told = await this.client.lmStudioModels().catch(() => []);
      const models = new Map(told.map((model) => [model.id, model]));
      return ({ id }) => {
        const lmStudio = models.get(id);
        return lmStudio ? { lmStudio } : {};
      };
    }
    return () => ({});
  }
}
