import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const read = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");

/** The whole page: it needs nothing from anywhere else. */
export const statusPage = read("index.html")
  .replace("/* style.css */", () => read("style.css"))
  .replace("/* script.js */", () => read("script.js"));

/** Nothing may be loaded or run but what stands in the page, and no other page may frame it. */
export const statusPageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    `style-src '${hashOf("style")}'`,
    `script-src '${hashOf("script")}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-cache",
  vary: "accept",
};

/** Of what stands in the page's one element of this name, to the last blank. */
function hashOf(element: string): string {
  const [, text = ""] = new RegExp(`<${element}[^>]*>([^]*)</${element}>`).exec(statusPage) ?? [];
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
