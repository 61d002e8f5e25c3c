import { readFileSync } from "node:fs";

/** The text of a PEM file; empty is `undefined`. @throws Error that says what the path may be */
export function readCertificate(path: string): string | undefined {
  if (path === "") return undefined;
  const text = readText(path);
  if (!text?.includes("-----BEGIN CERTIFICATE-----"))
    throw new Error("must be the path of a readable PEM file with a certificate");
  return text;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
