import { hash } from "node:crypto";

/** Who asks, as hashes: the adapter's queue needs to know only who is the same. */
export interface Session {
  /** A client's session; all requests of a tenant that name none are one. */
  session: string;
  /** Within a session: the main conversation, or that of one subagent. */
  conversation: string;
}

export function toSession(headers: Record<string, unknown>, tenant: string): Session {
  const parts = [tenant, headers["x-claude-code-session-id"]];
  const agent = headers["x-claude-code-agent-id"];
  return { session: toHash(parts), conversation: toHash([...parts, agent]) };
}

const toHash = (parts: unknown[]): string => hash("sha256", JSON.stringify(parts), "hex").slice(0, 32);
