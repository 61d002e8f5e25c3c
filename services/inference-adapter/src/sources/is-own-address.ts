import { networkInterfaces } from "node:os";

/** Whether an IP address is one of this machine's. */
export function isOwnAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  return Object.values(networkInterfaces()).some((own = []) => own.some((at) => at.address === bare));
}
