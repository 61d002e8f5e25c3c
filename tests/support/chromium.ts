import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const program = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** For `describe.skipIf`: without the browser the suite is skipped, except in CI, where it then fails. */
export const isChromiumMissing = !process.env["CI"] && !existsSync(program);

/** A real Chromium without a window; `CHROMIUM` names another program than Debian's. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
}
