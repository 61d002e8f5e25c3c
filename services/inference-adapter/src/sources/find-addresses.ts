import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";

const timeoutMs = 4000;
const tries = 2;
/** Once addresses of one kind are there, so long those of the other: some name servers never answer for them. */
const otherKindMs = 1000;

/**
 * The addresses that the name servers know of a host; `servers` instead of the machine's own. Unlike `dns.lookup` it
 * takes no thread: only two may wait for names at a time, and Ollama's own is looked up there. @throws Error
 */
export async function findAddresses(host: string, servers?: string[]): Promise<LookupAddress[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers) resolver.setServers(servers);
  const asked = [resolver.resolve4(host), resolver.resolve6(host)] as const;
  const cancel = () => resolver.cancel();
  const timer = Promise.any(asked).then(
    () => setTimeout(cancel, otherKindMs),
    () => undefined,
  );
  const [four, six] = await Promise.allSettled(asked);
  clearTimeout(await timer);
  if (four.status === "rejected" && six.status === "rejected") throw four.reason;
  return [
    ...(four.status === "fulfilled" ? four.value.map((address) => ({ address, family: 4 })) : []),
    ...(six.status === "fulfilled" ? six.value.map((address) => ({ address, family: 6 })) : []),
  ];
}
