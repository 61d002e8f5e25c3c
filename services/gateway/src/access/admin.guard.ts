import { type CanActivate, type ExecutionContext, Injectable } from "@nestjs/common";
import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { ApiError } from "#anthropic/errors.js";
import { GatewayConfig } from "../gateway.config.js";
import { ApiKeys } from "./api-keys.js";
import { holdsKey } from "./find-tenant.js";
import type { ApiKey } from "./parse-api-keys.js";

/** Administration wants `ADMIN_KEY` where there are keys at all: an ordinary key reads other tenants' answers otherwise. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly config: GatewayConfig,
    private readonly keys: ApiKeys,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { ADMIN_KEY, API_KEYS } = this.config;
    if (ADMIN_KEY === "" && API_KEYS === "" && !this.keys.areSet) return true;
    if (ADMIN_KEY === "")
      throw new ApiError("permission_error", "Administration is off: ADMIN_KEY is not set");
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!holdsKey(headers, adminKeys(this.config)))
      throw new ApiError("authentication_error", "administration wants ADMIN_KEY as the API key");
    return true;
  }
}

/** The keys of the administration: one, or none. */
export function adminKeys({ ADMIN_KEY }: GatewayConfig): ApiKey[] {
  if (ADMIN_KEY === "") return [];
  return [{ name: "admin", sha256: createHash("sha256").update(ADMIN_KEY).digest() }];
}
