import { parentPort, workerData } from "node:worker_threads";
import { getDocumentProxy } from "unpdf";
import type { PdfAnswer, PdfJob } from "./pdf-text.js";

// Reads one PDF and ends. What is in it may be made to take all time and memory: whoever started this ends it then.
// Node loads this file without a compiler in tests: only erasable TypeScript.

async function readPdf({ bytes, maxPages, maxCharacters }: PdfJob): Promise<PdfAnswer> {
  const pdf = await getDocumentProxy(bytes, {
    disableFontFace: true,
    useSystemFonts: false,
    stopAtErrors: false,
    verbosity: 0,
  });
  if (pdf.numPages > maxPages) return { fault: "pages" };
  const pages: string[] = [];
  let characters = 0;
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const text = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
    characters += text.length;
    if (characters > maxCharacters) return { fault: "length" };
    pages.push(text.trim());
    page.cleanup();
  }
  return { pages };
}

readPdf(workerData as PdfJob).then(
  (answer) => parentPort?.postMessage(answer, []),
  (error: Error) =>
    parentPort?.postMessage(
      { fault: error.name === "PasswordException" ? "protected" : "broken" } satisfies PdfAnswer,
      [],
    ),
);
