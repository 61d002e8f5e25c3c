import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import { imageFault } from "#anthropic/image-fault.js";
import { someBlock } from "#anthropic/some-block.js";
import type { ServedModel } from "../backends/inference-backend.js";

/** What a model cannot do is refused, not dropped. @throws ApiError `invalid_request_error` */
export function checkAbilities(request: CanonicalRequest, { name, capabilities }: ServedModel): void {
  const { tool_choice: choice } = request;
  const tools = clientTools(request);
  if (tools.length > 0 && !capabilities.has("tools"))
    throw new ApiError("invalid_request_error", `The model ${name} does not support tools`);
  if (choice?.type === "tool" && !tools.some((tool) => tool.name === choice.name))
    throw new ApiError(
      "invalid_request_error",
      `tool_choice: the tool ${choice.name} runs on Anthropic's servers, or has a definition that is known only there`,
    );
  if (choice?.type === "any" && tools.length === 0)
    throw new ApiError(
      "invalid_request_error",
      "tool_choice: these tools run on Anthropic's servers, or have definitions that are known only there",
    );
  if (isWebSearch(request))
    throw new ApiError(
      "invalid_request_error",
      "tools: there is no web search here, it runs on Anthropic's servers",
    );
  checkInputs(request);
  if (!capabilities.has("vision") && someBlock(request, ({ type }) => type === "image"))
    throw new ApiError("invalid_request_error", `${imageFault}: the model ${name} does not support images`);
}

/**
 * A search and nothing else, as Claude Code's WebSearch asks for one: without the tool a model makes the results up,
 * and the client shows them as found.
 */
function isWebSearch({ tools = [], tool_choice }: CanonicalRequest): boolean {
  return (
    tool_choice?.type !== "none" &&
    tools.length > 0 &&
    tools.every(({ type }) => type?.startsWith("web_search_"))
  );
}

/** A call's input is an object: a tool that wants anything else can never be called. */
function checkInputs(request: CanonicalRequest): void {
  const broken = clientTools(request).find(({ input_schema }) => !allowsObjects(input_schema));
  if (!broken) return;
  throw new ApiError(
    "invalid_request_error",
    `tools.${request.tools?.indexOf(broken)}.input_schema: the input of ${broken.name} has to be of type "object"`,
  );
}

function allowsObjects({ type }: Record<string, unknown> = {}): boolean {
  const types = [type].flat().filter((name) => typeof name === "string");
  return types.length === 0 || types.includes("object");
}
