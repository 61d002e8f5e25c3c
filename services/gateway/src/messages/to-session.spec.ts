import { expect, it } from "vitest";
import { toSession } from "./to-session.js";

const of = (session?: string, agent?: string, tenant = "me") =>
  toSession(
    {
      ...(session === undefined ? {} : { "x-claude-code-session-id": session }),
      ...(agent === undefined ? {} : { "x-claude-code-agent-id": agent }),
    },
    tenant,
  );

it("a session and its subagents share the session, not the conversation", () => {
  expect(of("s", "a").session).toBe(of("s").session);
  expect(new Set([of("s"), of("s", "a"), of("s", "b")].map(({ conversation }) => conversation)).size).toBe(3);
});

it("sessions, and the sessions of tenants, are apart", () => {
  expect(
    new Set([of("s"), of("t"), of("s", undefined, "you"), of()].map(({ session }) => session)).size,
  ).toBe(4);
  expect(of()).toEqual(of());
});

it("nothing of it can be read", () => {
  const hashes = of("secret-session", "secret-agent", "tenant");
  expect(JSON.stringify(hashes)).not.toMatch(/secret|tenant/);
  expect(hashes.session).toMatch(/^[0-9a-f]{32}$/);
});
