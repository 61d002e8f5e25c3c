import ipaddr from "ipaddr.js";

/** Addresses of the public Internet at which a cloud offers its machines what others must not have. */
const cloudServices = new Set(["168.63.129.16"]);
const globalUnicast = ipaddr.parseCIDR("2000::/3");

/**
 * Whether an IP address is one of the public Internet: not loopback, private, link-local (where clouds keep their
 * metadata), shared, reserved, multicast, nor an IPv6 address that stands for an IPv4 one.
 */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!ipaddr.isValid(bare) || cloudServices.has(bare)) return false;
  const parsed = ipaddr.parse(bare);
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" || parsed.match(globalUnicast);
}
