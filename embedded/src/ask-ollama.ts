/** The models that Ollama has, or why it cannot be asked. */
export type OllamaState = { models: string[] } | { fault: string };

const timeoutMs = 2000;

export async function askOllama(baseUrl: string): Promise<OllamaState> {
  try {
    const answer = await fetch(`${baseUrl}/api/tags`, { signal: AbortSignal.timeout(timeoutMs) });
    const { models } = (await answer.json()) as { models: { name: string }[] };
    return { models: models.map(({ name }) => name) };
  } catch (error) {
    return { fault: describe(error) };
  }
}

/** Whether nothing listens there; a host that only fails to answer does not count. */
export async function isRefused(baseUrl: string): Promise<boolean> {
  const state = await askOllama(baseUrl);
  return "fault" in state && state.fault === "ECONNREFUSED";
}

function describe(error: unknown): string {
  const { message, name, cause } = error as Error;
  const codes = codesOf(cause);
  if (codes.includes("ECONNREFUSED")) return "ECONNREFUSED";
  if (name === "TimeoutError") return "no answer in time";
  return codes[0] ?? (cause instanceof Error ? cause.message : message);
}

/** `localhost` may be two addresses, of which one does not even exist here: each has failed in its own way. */
function codesOf(cause: unknown): string[] {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return errors.flatMap((error) => (error as NodeJS.ErrnoException | undefined)?.code ?? []);
}
