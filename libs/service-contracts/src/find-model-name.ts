/**
 * The name among the `installed` that a model name means, as Ollama reads names: `:latest` is implied, and if
 * only one tag of a name is installed, that one is meant. `undefined` when there is none.
 */
export function findModelName(name: string, installed: readonly string[]): string | undefined {
  if (installed.includes(name)) return name;
  if (tagOf(name) !== undefined) return undefined;
  if (installed.includes(`${name}:latest`)) return `${name}:latest`;
  const tagged = installed.filter((other) => other.startsWith(`${name}:`));
  return tagged.length === 1 ? tagged[0] : undefined;
}

function tagOf(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf("/") + 1);
  const colon = last.indexOf(":");
  return colon === -1 ? undefined : last.slice(colon + 1);
}
