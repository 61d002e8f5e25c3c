/** An error's text for logs and health, without the password: Redis repeats the arguments of a command it does not know. */
export function describeRedisError(error: unknown, password: string): string {
  const { message, code } = error as { message?: string; code?: string };
  const text = explain(message || code || String(error));
  return password === "" ? text : text.replaceAll(password, "***");
}

function explain(text: string): string {
  if (text.startsWith("MOVED ")) return `${text} (a node of a cluster: REDIS_URL must be redis-cluster://)`;
  if (text.includes("cluster support disabled"))
    return `${text} (a single Redis: REDIS_URL must be redis://)`;
  return text;
}
