import { isIPv6 } from "node:net";

/** What stands in a URL or a list beside a host, and in no host. */
const foreign = /[\s/:@[\]?#,"'`$()]/;

/** A host name or an address by itself; empty where none is named. @throws Error saying what it may be */
export function parseHost(text: string): string {
  if (foreign.test(text) && !isIPv6(text))
    throw new Error("must be a host name or an address without a port, such as 127.0.0.1");
  return text;
}
