import { deflateSync } from "node:zlib";

/** One page whose content is `content`, packed. */
export function toPdf(content: Buffer): Buffer {
  const packed = deflateSync(content, { level: 9 });
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    packed,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  const parts = objects.map((object, index) =>
    typeof object === "string"
      ? Buffer.from(`${index + 1} 0 obj\n${object}\nendobj\n`)
      : Buffer.concat([
          Buffer.from(`${index + 1} 0 obj\n<< /Length ${object.length} /Filter /FlateDecode >>\nstream\n`),
          object,
          Buffer.from("\nendstream\nendobj\n"),
        ]),
  );
  const head = Buffer.from("%PDF-1.4\n");
  const offsets: number[] = [];
  let offset = head.length;
  for (const part of parts) {
    offsets.push(offset);
    offset += part.length;
  }
  const rows = offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const tail = `xref\n0 6\n0000000000 65535 f \n${rows}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF`;
  return Buffer.concat([head, ...parts, Buffer.from(tail)]);
}
