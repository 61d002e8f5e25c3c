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

export function toAnswer(nonce, plan) {
  return `${nonce} begins ${words(nonce, plan === "long" ? 3000 : 20)}and ${nonce} ends`;
}

/** The answer as a script of the fake Ollama. */
export function toScript({ nonce, plan }) {
  const answer = toAnswer(nonce, plan);
  const half = { text: answer.slice(0, answer.length / 2) };
  switch (plan) {
    case "slow":
      return [half, { delayMs: 700 }, { text: answer.slice(answer.length / 2) }];
    case "garbage":
      return [half, { raw: "{garbage\n" }, { cut: "end" }];
    case "half-line":
      return [half, { raw: '{"message":{"content":"an' }, { cut: "end" }];
    case "cut":
      return [half, { cut: "end" }];
    case "reset":
      return [half, { cut: "reset" }];
    case "error-line":
      return [half, { raw: '{"error":"the runner has stopped"}\n' }, { cut: "end" }];
    case "no-object":
      return [half, { raw: '[1]\n"text"\nnull\n7\n' }, { cut: "end" }];
    case "binary":
      return [half, { raw: "\u0000\ufffd\u0007\u001b[2J\n" }, { cut: "end" }];
    case "silent":
      return [half, { delayMs: 20_000 }, { cut: "reset" }];
    case "status-500":
      return [{ status: 500, body: { error: "model runner has unexpectedly stopped" } }];
    default:
      return [{ text: answer }];
  }
}
