// `npm run licenses`: what the services depend on at run time, from the lock file; `--write` into docs/licenses.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./root.mjs";

export const documentPath = join(root, "docs/licenses.md");

/** One line a package and version, in order of names. */
export function toLicensesDocument() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const rows = Object.entries(packages)
    .filter(([path, { dev, devOptional, optional }]) => path !== "" && !dev && !devOptional && !optional)
    .map(([path, { version, license }]) => [
      path.slice(path.lastIndexOf("node_modules/") + 13),
      version,
      license,
    ])
    .map(([name, version, license]) => `${name} ${version}: ${license ?? "unknown"}`);
  const lines = [...new Set(rows)].toSorted();
  return `# Licences

What the services depend on at run time, from \`package-lock.json\`. Made by \`npm run licenses -- --write\`; \`npm run sbom\` prints a CycloneDX bill of materials of the same packages.

${lines.map((line) => `- ${line}`).join("\n")}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const document = toLicensesDocument();
  if (process.argv.includes("--write")) writeFileSync(documentPath, document);
  else process.stdout.write(document);
}
