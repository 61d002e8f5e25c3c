/** What the PDF worker answers: the text of each page, or why there is none. */
export type PdfAnswer = { pages: string[] } | { fault: PdfFault };

export type PdfFault = "broken" | "protected" | "pages" | "length";

export interface PdfJob {
  bytes: Uint8Array<ArrayBuffer>;
  maxPages: number;
  /** Of all pages together. */
  maxCharacters: number;
}
