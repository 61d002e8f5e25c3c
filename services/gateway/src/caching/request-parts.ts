import { hash } from "node:crypto";
import { digestCanonicalJson } from "#anthropic/canonical-hash.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { PathHash } from "#service-contracts/cache-store.js";

/** Names of unknown fields come from outside, and end up in a header. */
const maxNameLength = 64;
/** 96 bits. Less than half of SHA-256, so that no hash can be carried on with more text. */
const lengthOfPathHash = 16;

/** A question in the parts that the model reads one behind the other. */
export interface RequestParts {
  request: CanonicalRequest;
  /** Of what stands in each part. */
  digests: string[];
  /** How many parts there are of each kind: digests alone do not say what they are of. */
  shape: number[];
}

export function toRequestParts(request: CanonicalRequest): RequestParts {
  const { system = [], tools = [], messages } = request;
  const digests: string[] = [];
  const fields = listFields(request);
  const shape = [fields.length, tools.length, system.length];
  for (const field of fields) digests.push(digestCanonicalJson(field));
  for (const tool of tools) digests.push(digestCanonicalJson(tool));
  for (const { text, ...others } of system) digests.push(digestCanonicalJson([text, others]));
  for (const { content, ...others } of messages) {
    shape.push(content.length);
    digests.push(digestCanonicalJson(others));
    for (const block of content) digests.push(digestCanonicalJson(block));
  }
  return { request, digests, shape };
}

/** SHA-256 of everything that decides what the model sees, in hex. */
export function hashParts({ digests, shape }: RequestParts): string {
  return hash("sha256", `${shape.join()}\n${digests.join("\n")}`, "hex");
}

/**
 * Enough to say where two questions part, not to read either. The hashes are keyed, so that whoever sees them cannot
 * try out what may stand there.
 */
export function toPathHashes({ request, digests }: RequestParts, secret: string): PathHash[] {
  const key = hash("sha256", secret, "base64url");
  const paths = listPaths(request);
  return digests.map((digest, index) => [
    paths[index] ?? "",
    hash("sha256", key + digest, "base64url").slice(0, lengthOfPathHash),
  ]);
}

/** In the order of `toRequestParts`. */
function listPaths(request: CanonicalRequest): string[] {
  const { system = [], tools = [], messages } = request;
  return [
    ...listFields(request).map(([name]) => name.slice(0, maxNameLength)),
    ...tools.map((_, index) => `tools[${index}]`),
    ...system.map((_, index) => `system[${index}].text`),
    ...messages.flatMap(({ content }, index) => [
      `messages[${index}]`,
      ...content.map((_, block) => `messages[${index}].content[${block}]`),
    ]),
  ];
}

/** The other members, by name. */
function listFields({
  system: _system,
  tools: _tools,
  messages: _messages,
  ...rest
}: CanonicalRequest): [string, unknown][] {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return given.sort(([one], [other]) => (one < other ? -1 : 1));
}
