import type { FastifyRequest } from "fastify";
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { ApiError } from "#anthropic/errors.js";
import type { ServiceConfig } from "../service-config.js";
import { findForeignSign } from "./find-foreign-sign.js";
import { isOwnNetwork } from "./is-own-network.js";
import { parseAllowedHosts } from "./parse-allowed-hosts.js";

/** Asked before anything else of a request is read. @throws ApiError `permission_error`, `authentication_error` */
export type CallerCheck = (request: FastifyRequest) => void;

/** Host names that passed are not looked at again; a client may make them up, so only so many are kept. */
const mostKnownHosts = 100;

/** For a service that clients ask: no web page may, unless it brings a valid key. `name`: the service's in its network. */
export function checkClients(
  name: string,
  { ALLOWED_HOSTS }: ServiceConfig,
  isTrusted: (headers: IncomingHttpHeaders) => boolean,
): CallerCheck {
  const isAllowed = parseAllowedHosts(ALLOWED_HOSTS);
  const names = new Set([name, hostname().toLowerCase()]);
  const knownHosts = new Set<string | undefined>();
  return ({ headers }) => {
    const isFromPage = headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
    if (!isFromPage && knownHosts.has(headers.host)) return;
    const sign = findForeignSign(headers, (host) => names.has(host) || isAllowed(host));
    if (sign === undefined) {
      if (!isFromPage && knownHosts.size < mostKnownHosts) knownHosts.add(headers.host);
    } else if (!isTrusted(headers)) throw new ApiError("permission_error", sign);
  };
}

/**
 * For a service that only our others ask: with `INNER_TOKEN` whoever has it, else whoever is in the same network.
 * Probes and scrapers of that network come without.
 */
export function checkInnerCallers(name: string, config: ServiceConfig): CallerCheck {
  const { INNER_TOKEN: token } = config;
  const hasToken = (headers: IncomingHttpHeaders) => token !== "" && isBearer(headers, token);
  const checkNames = checkClients(name, config, hasToken);
  return (request) => {
    if (hasToken(request.headers)) return;
    checkNames(request);
    if (!isFromHere(request.socket) && !isOwnNetwork(request.socket.remoteAddress))
      throw new ApiError("permission_error", "Only services of the same network may ask here");
    if (token !== "" && !isOpen(request.url))
      throw new ApiError("authentication_error", "INNER_TOKEN is required as a Bearer token");
  };
}

/** This machine itself, at whatever address it has: its supervisor's probes, and our others beside it. */
function isFromHere({ remoteAddress, localAddress }: Socket): boolean {
  return remoteAddress !== undefined && remoteAddress === localAddress;
}

function isOpen(url: string): boolean {
  return /^\/(health(\/live|\/ready)?|metrics)\/?(\?|$)/.test(url);
}

function isBearer({ authorization = "" }: IncomingHttpHeaders, token: string): boolean {
  return timingSafeEqual(sha256(authorization), sha256(`Bearer ${token}`));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
