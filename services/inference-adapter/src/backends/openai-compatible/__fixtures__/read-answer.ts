import { readFileSync } from "node:fs";

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

/** A recorded streamed answer. */
export const readAnswer = (name: string): string => read(`./${name}.sse`);

/** A recorded body. */
export const readBody = (name: string): unknown => JSON.parse(read(`./${name}.json`));
