// What stands for the ids in a body, and fresh ids of the same lengths.
import { randomBytes } from "node:crypto";

export const placeholders = {
  session: "00000000-0000-4000-8000-000000000000",
  question: "#########",
  toolUse: (index) => `toolu_01placeholder${String(index).padStart(9, "0")}`,
};

/** In a question: the scripted upstream answers it token by token. */
export const slowMark = "and now, slowly?";

const seed = randomBytes(6).toString("hex");
let count = 0;

/** Never the same twice in a run, nor in another run. */
export function freshSession() {
  count += 1;
  const number = count.toString(16).padStart(12, "0");
  return `${seed.slice(0, 8)}-${seed.slice(8)}-4000-8000-${number}`;
}

export function freshToolUse() {
  count += 1;
  return `toolu_01${seed.slice(0, 8)}${count.toString(36).padStart(12, "0")}`;
}

export const toQuestion = (number) => String(number).padStart(9, "0");
