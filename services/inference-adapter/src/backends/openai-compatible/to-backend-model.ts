import { createHash } from "node:crypto";
import type { BackendModel, Capability } from "../inference-backend.js";
import type { ListedModel, LmStudioModel, ServerProps } from "./openai-wire.js";

/** What a server says about a model beside its listing, where it says more. */
export interface ModelDetails {
  props?: ServerProps;
  lmStudio?: LmStudioModel;
}

/** When the model was made is not told. */
const unknownTime = "1970-01-01T00:00:00Z";

/**
 * The digest is of all that is told and stays the same: `created` is the time of the question. Whether a model can
 * call tools or see is told by few servers; where it is not, the server itself refuses what cannot be.
 */
export function toBackendModel(listed: ListedModel, { props, lmStudio }: ModelDetails): BackendModel {
  const { id, root, parent, meta, max_model_len, architecture } = listed;
  const windows = [
    max_model_len,
    meta?.n_ctx,
    props?.default_generation_settings?.n_ctx,
    lmStudio?.loaded_context_length,
  ];
  // llama.cpp tells 0 where it does not know.
  const window = windows.find((tokens): tokens is number => typeof tokens === "number" && tokens > 0);
  const { n_ctx: _window, ...weights } = meta ?? {};
  const identity = [
    id,
    root,
    parent,
    weights,
    props?.model_path,
    props?.chat_template,
    lmStudio?.quantization,
  ];
  return {
    name: id,
    digest: createHash("sha256").update(JSON.stringify(identity)).digest("hex"),
    modifiedAt: unknownTime,
    capabilities: new Set<Capability>(
      hasVision(architecture?.input_modalities, props, lmStudio)
        ? ["tools", "thinking", "vision"]
        : ["tools", "thinking"],
    ),
    trainedContextLength:
      meta?.n_ctx_train ?? lmStudio?.max_context_length ?? window ?? Number.MAX_SAFE_INTEGER,
    ...(window === undefined ? {} : { fixedContextLength: window }),
  };
}

function hasVision(modalities?: string[], props?: ServerProps, lmStudio?: LmStudioModel): boolean {
  if (props?.modalities?.vision !== undefined) return props.modalities.vision;
  if (modalities) return modalities.includes("image");
  return lmStudio === undefined || lmStudio.type === "vlm";
}
