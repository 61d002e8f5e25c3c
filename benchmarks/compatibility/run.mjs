// `npm run compatibility`: the same list of API behaviours against this gateway, Ollama's own endpoint and LiteLLM.
//   --only ours,ollama,litellm   which targets (ours alone by default)
//   --write                      the table into docs/compatibility.md
// OLLAMA_HOST names a real Ollama with the tiny scripted models; without it a scripted Ollama recites, and its tokens
// are not compared.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readOptions } from "../../scripts/read-options.mjs";
import { Children } from "../processes/children.mjs";
import { cache } from "./behaviours/cache.mjs";
import { counting, models } from "./behaviours/counting.mjs";
import { documents } from "./behaviours/documents.mjs";
import { errors } from "./behaviours/errors.mjs";
import { faults } from "./behaviours/faults.mjs";
import { basics } from "./behaviours/basics.mjs";
import { operation } from "./behaviours/operation.mjs";
import { streaming } from "./behaviours/streaming.mjs";
import { thinking } from "./behaviours/thinking.mjs";
import { tools } from "./behaviours/tools.mjs";
import { Client } from "./client.mjs";
import { startLitellmTarget, startOllamasOwn, startOurs } from "./targets.mjs";
import { toMarkdown } from "./to-markdown.mjs";

const areas = {
  Messages: basics,
  Streaming: streaming,
  Tools: tools,
  Thinking: thinking,
  "Documents, images, structured output": documents,
  "Token counts and the window": counting,
  Models: models,
  Errors: errors,
  Cache: cache,
  Operation: operation,
  "Faults of the backend": faults,
};
/** The scripted Ollama has no vocabulary, so that there is nothing to count by. */
const onlyOfReal = new Set([
  counting["counts the tokens that the answer's usage tells"],
  streaming["tells the same tokens at both ends"],
]);
const starters = { ours: startOurs, ollama: startOllamasOwn, litellm: startLitellmTarget };

const usage = `npm run compatibility -- [options]

  --only A,B,C        of ours (the default), ollama (its own endpoint; needs OLLAMA_HOST) and litellm (installs it)
  --write             into docs/compatibility.md

OLLAMA_HOST and MODEL_NAME name a real Ollama.
`;
const options = { only: { type: "string", default: "ours" }, write: { type: "boolean" } };
const { values } = readOptions({ options }, usage);
const host = process.env.OLLAMA_HOST;
const realOllamaUrl = host && (host.includes("://") ? host : `http://${host}`);
const children = new Children();
process.once("SIGINT", () => void children.stopAll().then(() => process.exit(130)));

const results = [];
try {
  for (const name of values.only.split(",")) {
    if (!starters[name]) throw new Error(`--only knows ${Object.keys(starters).join(", ")}`);
    if (name === "ollama" && !realOllamaUrl)
      throw new Error("OLLAMA_HOST is needed for Ollama's own endpoint");
    results.push(await judge(await starters[name](children, realOllamaUrl)));
  }
} finally {
  await children.stopAll();
}
if (values.write)
  writeFileSync(
    fileURLToPath(new URL("../../docs/compatibility.md", import.meta.url)),
    toMarkdown(areas, results, { isReal: realOllamaUrl !== undefined }),
  );
const [first] = results;
const failed = [...first.seen.values()].filter(({ isShown }) => !isShown).length;
process.stdout.write(`${first.seen.size - failed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;

/** @returns what the target showed of each behaviour */
async function judge(target) {
  const seen = new Map();
  for (const [area, behaviours] of Object.entries(areas))
    for (const [behaviour, show] of Object.entries(behaviours)) {
      const endpoint = behaviours === faults ? target.faulty : target.reciting;
      if (!endpoint || (!realOllamaUrl && onlyOfReal.has(show))) continue;
      const client = new Client({
        ...endpoint,
        script: target.scripted?.script,
        hang: target.scripted?.hang,
        countGenerations: target.countGenerations,
      });
      const fault = await Promise.resolve(show(client)).then(
        () => undefined,
        (error) => error.message.split("\n")[0],
      );
      seen.set(`${area}: ${behaviour}`, { isShown: fault === undefined, fault });
      process.stdout.write(
        `${fault === undefined ? "ok    " : "FAILED"}  ${target.name}: ${area}: ${behaviour}${fault ? ` (${fault})` : ""}\n`,
      );
    }
  target.close?.();
  return { name: target.name, seen };
}
