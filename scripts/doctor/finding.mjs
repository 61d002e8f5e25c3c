/**
 * What a check has found: `{ check, state, text, fix }`. `broken` keeps the product from answering, a `warning`
 * makes it worse than it could be. `fix` is a command or a sentence.
 */
export const ok = (check, text) => ({ check, state: "ok", text });
export const warning = (check, text, fix) => ({ check, state: "warning", text, fix });
export const broken = (check, text, fix) => ({ check, state: "broken", text, fix });
