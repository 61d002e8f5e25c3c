import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";

// docs/features.md names a test for each feature of the Messages API.

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const suites: Record<string, string> = {
  features: read("tests/e2e/features.spec.ts"),
  real: read("tests/e2e/features.real.spec.ts"),
  messages: read("tests/e2e/messages.spec.ts"),
  surface: read("tests/e2e/http-surface.spec.ts"),
};
const specs = new Set(
  globSync("{libs,services}/**/*.spec.ts", { cwd: root, exclude: ["**/node_modules/**"] }).map((path) =>
    basename(path),
  ),
);
const rows = read("docs/features.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (Feature|-)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("the table of features", () => {
  it("is long", () => expect(rows.length).toBeGreaterThan(25));

  it.each(rows.map(([, feature = "", kind = "", , test = ""]) => [feature, kind, test]))(
    "%s",
    (_feature, kind, test) => {
      expect(kind).toMatch(/^(native|emulated|native (and|or) emulated|ignored|refused)$/);
      expect(test).not.toBe("");
      for (const reference of test.split("; ")) {
        const file = /^`(.+)`$/.exec(reference)?.[1];
        if (file !== undefined) expect(specs).toContain(file);
        else {
          const [, names = "", titles = ""] = /^([a-z, ]+): (.+)$/.exec(reference) ?? [];
          expect(names, reference).not.toBe("");
          for (const name of names.split(", "))
            for (const title of titles.split(", "))
              expect(suites[name], `${name}: ${title}`).toContain(title);
        }
      }
    },
  );
});
