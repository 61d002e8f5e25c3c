import { litellmVersion } from "../processes/litellm.mjs";

/** The table of who shows which behaviour. */
export function toMarkdown(areas, results, { isReal }) {
  const names = results.map(({ name }) => name);
  const sections = Object.entries(areas).map(([area, behaviours]) => {
    const rows = Object.keys(behaviours).map((behaviour) => {
      const marks = results.map(({ seen }) => toMark(seen.get(`${area}: ${behaviour}`)));
      return `| ${behaviour} | ${marks.join(" | ")} |`;
    });
    return `## ${area}\n\n| | ${names.join(" | ")} |\n|---|${names.map(() => "---").join("|")}|\n${rows.join("\n")}`;
  });
  const sums = results.map(({ name, seen }) => {
    const shown = [...seen.values()].filter(({ isShown }) => isShown).length;
    return `- ${name}: ${shown} of ${seen.size}`;
  });
  return `# Compatibility

What a client of the Messages API can see, and who shows it. Made by \`npm run compatibility -- --only ours,ollama,litellm --write\`, against ${isReal ? "a real Ollama with small scripted models" : "a scripted Ollama"}; the faults come from a scripted one. LiteLLM is ${litellmVersion}, with its Redis cache on. A dash: it cannot be judged, because Ollama's own endpoint takes no scripted faults.

${sums.join("\n")}

${sections.join("\n\n")}
`;
}

function toMark(seen) {
  if (!seen) return "–";
  return seen.isShown ? "yes" : "no";
}
