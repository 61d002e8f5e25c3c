import { BlockList } from "node:net";

const own = new BlockList();
for (const [address, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
] as const)
  own.addSubnet(address, prefix, "ipv4");
own.addAddress("::1", "ipv6");
own.addSubnet("fc00::", 7, "ipv6");
own.addSubnet("fe80::", 10, "ipv6");

/** Loopback, link-local and private addresses (RFC 1918, RFC 4193). */
export function isOwnNetwork(address: string | undefined): boolean {
  if (address === undefined) return false;
  return own.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
