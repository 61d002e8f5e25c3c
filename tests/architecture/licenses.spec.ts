import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Licenses {
  documentPath: string;
  toLicensesDocument: () => string;
}

const scripts = new URL("../../scripts/licenses.mjs", import.meta.url).href;
const { documentPath, toLicensesDocument } = (await import(scripts)) as Licenses;
/** Each lets anybody use and pass on the software without opening his own. */
const permissive =
  /: (MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|Python-2\.0)$/;

describe("docs/licenses.md", () => {
  it("lists what package-lock.json has", () => {
    expect(readFileSync(documentPath, "utf8")).toBe(toLicensesDocument());
  });

  it("has permissive licences only", () => {
    const packages = toLicensesDocument()
      .split("\n")
      .filter((line) => line.startsWith("- "));
    expect(packages.length).toBeGreaterThan(50);
    expect(packages.filter((line) => !permissive.test(line))).toEqual([]);
  });
});
