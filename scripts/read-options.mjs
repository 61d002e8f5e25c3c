import { parseArgs } from "node:util";

/** As `parseArgs`, with `--help`; it and what is not known end the program with the usage. */
export function readOptions(config, usage) {
  const options = { ...config.options, help: { type: "boolean", short: "h" } };
  const parsed = parse({ ...config, options }, usage);
  if (!parsed.values.help) return parsed;
  process.stdout.write(usage);
  process.exit(0);
}

function parse(config, usage) {
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exit(1);
  }
}
