// `npm run keygen -- NAME`: a key of 256 random bits, and what the gateway needs to know it.
import { createHash, randomBytes } from "node:crypto";
import { readOptions } from "./read-options.mjs";

const usage = `npm run keygen -- [NAME]

Makes a key, and the line that API_KEYS or a file at API_KEYS_FILE needs to know it. NAME (default me) stands beside
the key's counts and in the list of cached answers, in no log or metric.
`;

const [name = "me", ...others] = readOptions({ allowPositionals: true, options: {} }, usage).positionals;
if (others.length > 0 || !/^[\w.-]{1,64}$/.test(name)) {
  process.stderr.write(
    "A key's name is one word of up to 64 letters, digits, dots, dashes and underscores.\n",
  );
  process.exit(1);
}
const key = `sk-selfhost-${randomBytes(32).toString("base64url")}`;
const sha256 = createHash("sha256").update(key).digest("hex");
process.stdout.write(`The key, shown only here; clients send it (ANTHROPIC_AUTH_TOKEN for Claude Code):
  ${key}
For API_KEYS, or a line of API_KEYS_FILE:
  ${name}:${sha256}
`);
