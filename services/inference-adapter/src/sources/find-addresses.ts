import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";

const timeoutMs = 4000;
const tries = 2;

/**
 * The addresses that the name servers know of a host; `servers` instead of the machine's own. Unlike `dns.lookup` it
 * takes no thread: only two may wait for names at a time, and Ollama's own is looked up there. @throws Error
 */
export async function findAddresses(host: string, servers?: string[]): Promise<LookupAddress[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers) resolver.setServers(servers);
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (four.status === "rejected" && six.status === "rejected") throw four.reason;
  return [
    ...(four.status === "fulfilled" ? four.value.map((address) => ({ address, family: 4 })) : []),
    ...(six.status === "fulfilled" ? six.value.map((address) => ({ address, family: 6 })) : []),
  ];
}
