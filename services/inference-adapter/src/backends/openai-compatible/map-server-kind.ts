/** The programs that are known to serve this API; `other` is any that does not name itself. */
export type ServerKind = "vllm" | "sglang" | "llama.cpp" | "lm-studio" | "other";

/** What one program takes beyond what all of them take. */
export interface ServerTraits {
  /** A function may be named in `tool_choice`; the others know `required` only. */
  namesTool: boolean;
  /** Takes `top_k`. */
  takesTopK: boolean;
  /** Takes `chat_template_kwargs`. */
  takesTemplateSettings: boolean;
  /** Takes `continue_final_message`; llama.cpp continues a last assistant message by itself. */
  takesContinuation: boolean;
}

export const serverTraits: Record<ServerKind, ServerTraits> = {
  vllm: { namesTool: true, takesTopK: true, takesTemplateSettings: true, takesContinuation: true },
  sglang: { namesTool: true, takesTopK: true, takesTemplateSettings: true, takesContinuation: true },
  "llama.cpp": { namesTool: false, takesTopK: true, takesTemplateSettings: true, takesContinuation: false },
  "lm-studio": { namesTool: false, takesTopK: true, takesTemplateSettings: false, takesContinuation: false },
  other: { namesTool: true, takesTopK: false, takesTemplateSettings: false, takesContinuation: false },
};

const kindsByOwner = new Map<string | undefined, ServerKind>([
  ["vllm", "vllm"],
  ["sglang", "sglang"],
  ["llamacpp", "llama.cpp"],
  ["organization_owner", "lm-studio"],
]);

/** `owned_by` of a listed model → the program that serves it: each writes its own name there. */
export const mapServerKind = (ownedBy: string | undefined): ServerKind =>
  kindsByOwner.get(ownedBy) ?? "other";
