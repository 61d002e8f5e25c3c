/**
 * How long Ollama keeps a model loaded: seconds as a number, or a duration as Go reads it. @throws Error
 */
export function parseKeepAlive(text: string): number | string {
  if (/^-?\d+$/.test(text)) return Number(text);
  if (/^[-+]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text)) return text;
  throw new Error("must be seconds, a duration such as 10m or 1h30m, or -1 for always");
}
