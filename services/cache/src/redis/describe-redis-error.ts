/** An error's text for logs and health, without the password: Redis repeats the arguments of a command it does not know. */
export function describeRedisError(error: unknown, password: string): string {
  const { message, code } = error as { message?: string; code?: string };
  const text = message || code || String(error);
  return password === "" ? text : text.replaceAll(password, "***");
}
