import { hash } from "node:crypto";
import { digestCanonicalJson } from "#anthropic/canonical-hash.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { PathHash } from "#service-contracts/cache-store.js";

/** Names of unknown fields come from outside, and end up in a header. */
const maxNameLength = 64;
/** 96 bits. Less than half of SHA-256, so that no hash can be carried on with more text. */
const lengthOfPathHash = 16;

/** A question in the parts that the model reads one behind the other: how many of each kind, and a digest of each. */
export interface RequestParts {
  /** The names of the other members. */
  fields: string[];
  tools: number;
  system: number;
  /** Blocks, of each message. */
  messages: number[];
  /** Of what stands in each part. */
  digests: string[];
}

/**
 * The other members by name, then tools, system prompt and messages: in the order in which the model reads them. Not
 * the model's name: one model may have several.
 */
export function toRequestParts(request: CanonicalRequest): RequestParts {
  const { model: _name, system = [], tools = [], messages, ...rest } = request;
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  fields.sort(([one], [other]) => (one < other ? -1 : 1));
  const digests: string[] = [];
  const add = (value: unknown) => digests.push(digestCanonicalJson(value));
  for (const field of fields) add(field);
  for (const tool of tools) add(tool);
  for (const { text, ...others } of system) add([text, others]);
  for (const { content, ...others } of messages) {
    add(others);
    for (const block of content) add(block);
  }
  return {
    fields: fields.map(([name]) => name),
    tools: tools.length,
    system: system.length,
    messages: messages.map(({ content }) => content.length),
    digests,
  };
}

/** SHA-256 of everything that the model sees, in hex. Digests alone do not say what they are of. */
export function hashParts({ fields, tools, system, messages, digests }: RequestParts): string {
  const counts = [fields.length, tools, system, ...messages];
  return hash("sha256", `${counts.join()}\n${digests.join("\n")}`, "hex");
}

/**
 * Enough to say where two questions part, not to read either. The hashes are keyed, so that whoever sees them cannot
 * try out what may stand there.
 */
export function toPathHashes(parts: RequestParts, fingerprint: string, secret: string): PathHash[] {
  const key = hash("sha256", secret, "base64url");
  const paths = ["model", ...toPaths(parts)];
  return [digestCanonicalJson(fingerprint), ...parts.digests].map((digest, index) => [
    paths[index] ?? "",
    hash("sha256", key + digest, "base64url").slice(0, lengthOfPathHash),
  ]);
}

function toPaths({ fields, tools, system, messages }: RequestParts): string[] {
  const paths = fields.map((name) => name.slice(0, maxNameLength));
  for (let tool = 0; tool < tools; tool++) paths.push(`tools[${tool}]`);
  for (let block = 0; block < system; block++) paths.push(`system[${block}].text`);
  for (const [message, blocks] of messages.entries()) {
    paths.push(`messages[${message}]`);
    for (let block = 0; block < blocks; block++) paths.push(`messages[${message}].content[${block}]`);
  }
  return paths;
}
