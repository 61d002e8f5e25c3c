import { randomBytes } from "node:crypto";

/**
 * What stands in for a prompt's contents and tools begins with this. Some contents are rendered as they are, and
 * no client may write into one what would be taken for a place of another. No template escapes these characters.
 */
export const unguessable = `z${randomBytes(12).toString("hex")}`;
