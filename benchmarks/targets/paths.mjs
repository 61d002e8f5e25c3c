import { join } from "node:path";

export const repository = join(import.meta.dirname, "..", "..");

export const serverPath = (name) => join(import.meta.dirname, "..", "servers", `${name}.mjs`);
