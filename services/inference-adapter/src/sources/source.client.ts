import { lookup, type LookupAddress } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { ApiError } from "#anthropic/errors.js";
import { findAddresses } from "./find-addresses.js";
import { isOwnAddress } from "./is-own-address.js";
import { isPublicAddress } from "./is-public-address.js";

export interface SourceClientOptions {
  /** Hosts (`host` or `host:port`) that may lead to addresses that are not public. */
  privateHosts: ReadonlySet<string>;
  /** For a whole fetch, redirects included. */
  timeoutMs: number;
  /** Finds a name's addresses; `findAddresses` where not given. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
  /** Whether an address is this machine's; `isOwnAddress` where not given. */
  isOwn?: (address: string) => boolean;
}

export interface FetchedSource {
  bytes: Buffer;
  /** As the server says, in lower case and without parameters; empty where it does not. */
  mediaType: string;
}

const mostRedirects = 3;
const redirects = [301, 302, 303, 307, 308];

/**
 * Fetches what a request names by its URL, from the public Internet only: whoever may ask the model must not
 * reach the network that it stands in. A name is resolved once, all its addresses are checked, and the
 * connection goes to one of those; every redirect is checked anew. Nothing is kept.
 */
export class SourceClient {
  constructor(private readonly options: SourceClientOptions) {}

  /** @throws ApiError `invalid_request_error` where it cannot or must not be fetched */
  async fetch(address: string, maxBytes: number, signal: AbortSignal): Promise<FetchedSource> {
    const limit = AbortSignal.timeout(this.options.timeoutMs);
    const ending = AbortSignal.any([signal, limit]);
    let url = parseUrl(address);
    try {
      for (let redirect = 0; redirect <= mostRedirects; redirect++) {
        const answer = await this.get(url, ending);
        const { statusCode = 0, headers } = answer;
        if (redirects.includes(statusCode) && headers.location !== undefined) {
          answer.destroy();
          url = parseUrl(headers.location, url);
          continue;
        }
        if (statusCode !== 200) {
          answer.destroy();
          throw notDownloaded(`the server answered with status ${statusCode}`);
        }
        return await readSource(answer, maxBytes);
      }
      throw notDownloaded(`it is redirected more than ${mostRedirects} times`);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (signal.aborted) throw signal.reason;
      throw notDownloaded(limit.aborted ? "it takes too long" : toReason(error));
    }
  }

  private get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const isPrivateAllowed = this.isPrivateAllowed(url);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // A host that is an address is connected to without a lookup.
    if (isIP(host) && !isPrivateAllowed && !this.isElsewhere(host)) throw notPublic();
    return new Promise((fulfil, reject) => {
      const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
        agent: false,
        signal,
        lookup: isPrivateAllowed ? lookup : this.lookupPublic,
        headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "llm-selfhost" },
      });
      request.once("response", fulfil);
      request.once("error", reject);
      request.end();
    });
  }

  /** As `dns.lookup`, but fails where any of the addresses is not public or is this machine's. */
  private readonly lookupPublic: LookupFunction = (host, options, callback) => {
    const { resolve = findAddresses } = this.options;
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (!first || !addresses.every(({ address }) => this.isElsewhere(address)))
          return callback(notPublic(), []);
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, []),
    );
  };

  /** The services here, which listen on all addresses of their machine, take its public one for their own network. */
  private isElsewhere(address: string): boolean {
    const { isOwn = isOwnAddress } = this.options;
    return isPublicAddress(address) && !isOwn(address);
  }

  private isPrivateAllowed({ hostname, host }: URL): boolean {
    return this.options.privateHosts.has(hostname) || this.options.privateHosts.has(host);
  }
}

async function readSource(answer: IncomingMessage, maxBytes: number): Promise<FetchedSource> {
  const { headers } = answer;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    if (headers["content-encoding"] && headers["content-encoding"] !== "identity")
      throw notDownloaded("the server sends it compressed");
    if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } finally {
    answer.destroy();
  }
  if (!answer.complete) throw notDownloaded("the server broke off");
  const mediaType = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return { bytes: Buffer.concat(chunks), mediaType };
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "")
    throw notDownloaded("only http and https URLs are fetched");
  if (url.username !== "" || url.password !== "") throw notDownloaded("URLs with a password are not fetched");
  return url;
}

const notDownloaded = (reason: string) =>
  new ApiError(
    "invalid_request_error",
    `Unable to download the file. Please verify the URL and try again: ${reason}`,
  );

const notPublic = () => notDownloaded("it does not lead to a public address");

const tooLarge = (maxBytes: number) => notDownloaded(`it is larger than ${maxBytes / 1024 / 1024} MB`);

/** What a client may know of it: a code, not what stands behind it. */
function toReason(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === "ENOTFOUND" || code === "ENODATA" || code === "EAI_AGAIN") return "there is no such host";
  return "the server cannot be reached";
}
