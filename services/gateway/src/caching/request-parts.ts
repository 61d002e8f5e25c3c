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
}

export function toRequestParts(request: CanonicalRequest): RequestParts {
  const digests: string[] = [];
  visitParts(request, (value) => digests.push(digestCanonicalJson(value)));
  return { request, digests };
}

/** SHA-256 of everything that the model sees, in hex. */
export function hashParts({ request, digests }: RequestParts): string {
  return hash("sha256", `${toShape(request, digests.length).join()}\n${digests.join("\n")}`, "hex");
}

/**
 * Enough to say where two questions part, not to read either. The hashes are keyed, so that whoever sees them cannot
 * try out what may stand there.
 */
export function toPathHashes(
  { request, digests }: RequestParts,
  fingerprint: string,
  secret: string,
): PathHash[] {
  const key = hash("sha256", secret, "base64url");
  const paths = ["model"];
  visitParts(request, (_value, ...place) => paths.push(toPath(...place)));
  return [digestCanonicalJson(fingerprint), ...digests].map((digest, index) => [
    paths[index] ?? "",
    hash("sha256", key + digest, "base64url").slice(0, lengthOfPathHash),
  ]);
}

type Visit = (value: unknown, name: string, index?: number, block?: number) => void;

/**
 * The other members by name, then tools, system prompt and messages: in the order in which the model reads them. Not
 * the model's name: one model may have several.
 */
function visitParts(request: CanonicalRequest, visit: Visit): void {
  const { model: _name, system = [], tools = [], messages, ...rest } = request;
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  for (const field of fields.sort(([one], [other]) => (one < other ? -1 : 1))) visit(field, field[0]);
  for (const [index, tool] of tools.entries()) visit(tool, "tools", index);
  for (const [index, { text, ...others }] of system.entries()) visit([text, others], "system", index);
  for (const [index, { content, ...others }] of messages.entries()) {
    visit(others, "messages", index);
    for (const [block, value] of content.entries()) visit(value, "messages", index, block);
  }
}

function toPath(name: string, index?: number, block?: number): string {
  if (index === undefined) return name.slice(0, maxNameLength);
  if (name === "system") return `system[${index}].text`;
  return block === undefined ? `${name}[${index}]` : `${name}[${index}].content[${block}]`;
}

/** How many parts there are of each kind: digests alone do not say what they are of. */
function toShape({ system = [], tools = [], messages }: CanonicalRequest, parts: number): number[] {
  const blocks = messages.map(({ content }) => content.length);
  const others = blocks.reduce((sum, count) => sum + count, tools.length + system.length + messages.length);
  return [parts - others, tools.length, system.length, ...blocks];
}
