// After the compiler: puts each program and the packages that it uses into a few files, dist/bundle. So the services
// start in a third of the processor time (docs/adr/0017), and an image needs no node_modules.
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { root } from "./root.mjs";

const compiled = join(root, "dist");
const place = join(compiled, "bundle");
/** Put in its place when it is whole: what runs meanwhile reads its workers from there. */
const target = `${place}.${process.pid}`;
const adapter = "services/inference-adapter/src";
const programs = {
  gateway: "services/gateway/src/main.js",
  cache: "services/cache/src/main.js",
  "inference-adapter": `${adapter}/main.js`,
  embedded: "embedded/src/main.js",
  "count.worker": `${adapter}/tokens/count.worker.js`,
  "pdf.worker": `${adapter}/sources/pdf.worker.js`,
};
/** What Nest would load if it were there. */
const absent = [
  /^@nestjs\/(microservices|websockets|platform-express)(\/|$)/,
  /^@fastify\/(multipart|static|view)$/,
];

process.on("exit", () => rmSync(target, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, join(compiled, path)])),
  platform: "node",
  external: absent,
  onLog: (level, { message }) => {
    if (level === "warn") throw new Error(message);
  },
});
const { output } = await bundle.write({
  dir: target,
  format: "esm",
  // Nest and errors tell classes by their names.
  keepNames: true,
  comments: false,
});
await bundle.close();
cpSync(join(compiled, "services/gateway/src/status-page/page"), join(target, "page"), { recursive: true });
writeFileSync(join(target, "licenses.txt"), toLicenses(output.flatMap((chunk) => chunk.moduleIds ?? [])));
rmSync(place, { recursive: true, force: true });
renameSync(target, place);

/** The licence texts of all packages that are in the bundle: they want to go where the code goes. */
function toLicenses(modules) {
  const folders = new Set(
    modules.flatMap((path) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path) ?? []),
  );
  return [...folders]
    .toSorted((one, other) => one.localeCompare(other))
    .map(toLicense)
    .join("\n");
}

function toLicense(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return `${[`==== ${name} ${version}: ${license}`, ...texts].join("\n\n")}\n`;
}
