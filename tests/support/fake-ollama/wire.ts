// Requests as they come, and how Ollama refuses them (texts as recorded).
import { capabilitiesOf, type FakeModel } from "#fake-ollama/models.js";
import type { FakeToolCall } from "#fake-ollama/script.js";

export interface Wire {
  model?: string;
  name?: string;
  messages?: {
    role: string;
    content?: string;
    thinking?: string;
    tool_calls?: { function: FakeToolCall }[];
  }[];
  prompt?: string;
  tools?: { function: { name: string } }[];
  options?: { num_ctx?: number; num_predict?: number; stop?: string | string[] } & Record<string, unknown>;
  format?: string | Schema;
  think?: boolean | string;
  stream?: boolean;
  truncate?: boolean;
  shift?: boolean;
  verbose?: boolean;
  keep_alive?: number | string;
  _debug_render_only?: boolean;
}

export interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minItems?: number;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function keepAliveMs(value: number | string | undefined): number {
  if (value === undefined) return 300_000;
  const parts = /^(-?[\d.]+)(ms|s|m|h)?$/u.exec(String(value));
  if (!parts) throw new Refusal(400, `time: invalid duration ${JSON.stringify(value)}`);
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[parts[2] ?? "s"] ?? 1;
  return Number(parts[1]) < 0 ? 9e12 : Number(parts[1]) * factor;
}

const optionTypes: Record<string, string> = {
  temperature: "float32",
  top_p: "float32",
  min_p: "float32",
  num_ctx: "integer",
  num_predict: "integer",
  top_k: "integer",
  seed: "integer",
};

export function refuseMalformed(wire: Wire): void {
  for (const message of wire.messages ?? []) {
    if (Array.isArray(message.content))
      throw new Refusal(
        400,
        "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string",
      );
    if (message.tool_calls?.some((call) => typeof call.function.arguments === "string"))
      throw new Refusal(400, "Value looks like object, but can't find closing '}' symbol");
  }
}

export function refuseUnsupported(wire: Wire, model: FakeModel): void {
  const capabilities = capabilitiesOf(model);
  if (wire.tools?.length && !capabilities.includes("tools"))
    throw new Refusal(400, `registry.ollama.ai/library/${model.name} does not support tools`);
  if (wire.think && !capabilities.includes("thinking"))
    throw new Refusal(400, `${JSON.stringify(wire.model)} does not support thinking`);
  if (typeof wire.think === "string")
    throw new Refusal(400, `think value ${JSON.stringify(wire.think)} is not supported for this model`);
  for (const [name, type] of Object.entries(optionTypes))
    if (!["number", "undefined"].includes(typeof wire.options?.[name]))
      throw new Refusal(500, `option ${JSON.stringify(name)} must be of type ${type}`);
}
