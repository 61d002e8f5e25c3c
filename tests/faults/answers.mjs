// A question carries a nonce and what Ollama is to do with it; the right answer follows from the nonce alone.

/** What becomes of the answer at Ollama. Only `whole`, `slow` and `long` can succeed. */
export const goodPlans = ["whole", "slow", "long"];
const badPlans = "garbage half-line cut reset error-line silent no-object binary status-500".split(" ");
export const plans = [...goodPlans, ...badPlans];

const words = (nonce, count) => Array.from({ length: count }, (_, index) => `${nonce}${index % 7} `).join("");

export const toPrompt = (nonce, plan) => `Repeat ${nonce} as ${plan}.`;

export function readPrompt(text) {
  const found = /Repeat ([a-z]+) as ([a-z0-9-]+)\./.exec(text);
  return found && { nonce: found[1], plan: found[2] };
}

/** What a question with tools offers, and its right answer calls. */
export const repeatTool = {
  name: "Repeat",
  input_schema: {
    type: "object",
    properties: { name: { type: "string" }, words: { type: "string" } },
    required: ["name", "words"],
  },
};

/** The right answer: `text`, and the `input` of its call where tools were offered. */
export function toAnswer(nonce, plan, hasTools) {
  const said = words(nonce, plan === "long" ? 3000 : 20);
  if (!hasTools) return { text: `${nonce} begins ${said}and ${nonce} ends` };
  return { text: `${nonce} begins.`, input: { name: nonce, words: said.trim() } };
}

/** As the model writes it: a call in its own tokens. */
function toPlainText({ text, input }) {
  if (!input) return text;
  const parameters = Object.entries(input).map(
    ([name, value]) => `<parameter=${name}>\n${value}\n</parameter>\n`,
  );
  return `${text}\n\n<tool_call>\n<function=${repeatTool.name}>\n${parameters.join("")}</function>\n</tool_call>`;
}

/** As a server of OpenAI's API tells it. */
function toSteps({ text, input }) {
  return [{ text }, ...(input ? [{ toolCall: { name: repeatTool.name, arguments: input } }] : [])];
}

/** An answer in two halves, as steps of the stand-ins. */
const inHalves = {
  ollama: (answer) => {
    const text = toPlainText(answer);
    return [[{ text: text.slice(0, text.length / 2) }], [{ text: text.slice(text.length / 2) }]];
  },
  openai: ({ text, input }) =>
    input
      ? [[{ text }], toSteps({ text: "", input }).slice(1)]
      : [[{ text: text.slice(0, text.length / 2) }], [{ text: text.slice(text.length / 2) }]],
};

/** What is wrong in the middle of an answer, on each wire. */
const spoilt = {
  ollama: {
    garbage: "{garbage\n",
    "half-line": '{"message":{"content":"an',
    "error-line": '{"error":"the runner has stopped"}\n',
    "no-object": '[1]\n"text"\nnull\n7\n',
    binary: "\u0000\ufffd\u0007\u001b[2J\n",
  },
  openai: {
    garbage: "data: {garbage\n\n",
    "half-line": 'data: {"choices":[{"delta":{"content":"an',
    "error-line": 'data: {"error":{"message":"the engine is dead","code":500}}\n\n',
    "no-object": 'data: [1]\n\ndata: "text"\n\ndata: null\n\ndata: 7\n\n',
    binary: "\u0000\ufffd\u0007\u001b[2J\n\n",
  },
};

/** The answer as a script of the stand-in for `wire`, `ollama` or `openai`. */
export function toScript({ nonce, plan }, wire, hasTools) {
  const [first, second] = inHalves[wire](toAnswer(nonce, plan, hasTools));
  switch (plan) {
    case "slow":
      return [...first, { delayMs: 700 }, ...second];
    case "cut":
      return [...first, { cut: "end" }];
    case "reset":
      return [...first, { cut: "reset" }];
    case "silent":
      return [...first, { delayMs: 20_000 }, { cut: "reset" }];
    case "status-500":
      return [{ status: 500, body: { error: "model runner has unexpectedly stopped" } }];
    default:
      if (plan in spoilt[wire]) return [...first, { raw: spoilt[wire][plan] }, { cut: "end" }];
      return [...first, ...second];
  }
}
