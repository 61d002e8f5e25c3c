import { ErrorReply } from "redis";

/** Somebody else has put a value of another kind in the place of a key. */
export function isWrongKind(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.includes("WRONGTYPE");
}
