import { check, checkEqual, checkError, textOf } from "../client.mjs";

const words = "lorem ipsum dolor sit amet ".repeat(200);
/** A one-pixel PNG. */
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A PDF of one page with one line. */
function pdf(line) {
  const stream = `BT /F1 12 Tf 72 720 Td (${line}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${stream.length}>>\nstream\n${stream}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, at) => {
    const offset = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  text += `xref\n0 6\n0000000000 65535 f \n${rows}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${start}\n%%EOF`;
  return Buffer.from(text).toString("base64");
}

async function tokensWith(client, block) {
  const content = [...(block ? [block] : []), { type: "text", text: client.ask().messages[0].content }];
  const message = await client.sdk.messages.create(client.ask("", { messages: [{ role: "user", content }] }));
  return message.usage.input_tokens;
}

export const documents = {
  "reads a text document": async (client) => {
    const source = { type: "text", media_type: "text/plain", data: words };
    const added = (await tokensWith(client, { type: "document", source })) - (await tokensWith(client));
    check(added > 300, `${added} more tokens for 1,000 words`);
  },
  "reads a PDF document": async (client) => {
    const line = "lorem ipsum dolor sit amet ".repeat(20).trim();
    const source = { type: "base64", media_type: "application/pdf", data: pdf(line) };
    const added = (await tokensWith(client, { type: "document", source })) - (await tokensWith(client));
    check(added > 30, `${added} more tokens for 100 words`);
  },
  "reads a document inside a tool's result": async (client) => {
    const use = { type: "tool_use", id: "toolu_1", name: "read", input: {} };
    const result = (content) => ({
      ...client.ask(),
      tools: [{ name: "read", input_schema: { type: "object" } }],
      messages: [
        ...client.ask().messages,
        { role: "assistant", content: [use] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content }] },
      ],
    });
    const source = { type: "text", media_type: "text/plain", data: words };
    const long = await client.sdk.messages.create(result([{ type: "document", source }]));
    const short = await client.sdk.messages.create(result([{ type: "text", text: "-" }]));
    const added = long.usage.input_tokens - short.usage.input_tokens;
    check(added > 300, `${added} more tokens for 1,000 words`);
  },
  "refuses an image for a model that sees none, in the words upon which Claude Code goes on": async (
    client,
  ) => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } };
    const content = [image, { type: "text", text: "What is this?" }];
    const answer = await client.post(client.ask("", { messages: [{ role: "user", content }] }));
    checkError(answer, 400, "invalid_request_error", /Could not process image/);
  },
  "does not fetch from private addresses": async (client) => {
    const image = { type: "image", source: { type: "url", url: `${client.target.url}/metrics` } };
    const content = [image, { type: "text", text: "What is this?" }];
    const answer = await client.post(client.ask("", { messages: [{ role: "user", content }] }));
    checkError(answer, 400, "invalid_request_error");
  },
  "obeys a JSON schema of output_config.format": async (client) => {
    const schema = {
      type: "object",
      properties: { answer: { type: "string" }, score: { type: "integer" } },
      required: ["answer", "score"],
      additionalProperties: false,
    };
    const format = { type: "json_schema", schema };
    const message = await client.sdk.messages.create(client.ask("@@json", { output_config: { format } }));
    checkEqual(Object.keys(JSON.parse(textOf(message))).toSorted(), ["answer", "score"], "keys");
  },
  "refuses a document that is none": async (client) => {
    const source = {
      type: "base64",
      media_type: "application/pdf",
      data: Buffer.from("no PDF").toString("base64"),
    };
    const content = [
      { type: "document", source },
      { type: "text", text: "?" },
    ];
    const answer = await client.post(client.ask("", { messages: [{ role: "user", content }] }));
    checkError(answer, 400, "invalid_request_error");
  },
};
