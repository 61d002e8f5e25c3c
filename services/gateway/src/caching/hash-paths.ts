import { hashCanonicalJson } from "#anthropic/canonical-hash.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { PathHash } from "#service-contracts/cache-store.js";

/** Names of unknown fields come from outside, and end up in a header. */
const maxNameLength = 64;
/** 96 bits. Less than half of SHA-256, so that no hash can be carried on with more text. */
const lengthOfHash = 16;

/**
 * The parts of a question in the order in which the model reads them, each with a hash of what stands
 * there: enough to say where two questions part, not to read either. The hashes are keyed, so that whoever sees
 * them cannot try out what may stand there.
 */
export function hashPaths(
  { system, tools, messages, ...rest }: CanonicalRequest,
  secret: string,
): PathHash[] {
  const hash = (value: unknown) => hashCanonicalJson([secret, value], "base64url").slice(0, lengthOfHash);
  const parts: [path: string, value: unknown][] = Object.entries(rest)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => [name.slice(0, maxNameLength), [name, value]]);
  for (const [index, tool] of (tools ?? []).entries()) parts.push([`tools[${index}]`, tool]);
  for (const [index, { text, ...others }] of (system ?? []).entries())
    parts.push([`system[${index}].text`, [text, others]]);
  for (const [index, { content, ...others }] of messages.entries()) {
    parts.push([`messages[${index}]`, others]);
    for (const [block, value] of content.entries())
      parts.push([`messages[${index}].content[${block}]`, value]);
  }
  return parts.map(([path, value]) => [path, hash(value)]);
}
