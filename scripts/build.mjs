// `npm run build`: builds the program anew, whether it looks built or not.
import { findNode } from "./find-node.mjs";
import { build } from "./prepare.mjs";

const node = findNode();
if (typeof node === "object") {
  process.stderr.write(`${node.fault}\n`);
  process.exit(1);
}
build(node);
