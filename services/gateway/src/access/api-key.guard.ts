import { type CanActivate, type ExecutionContext, Injectable, createParamDecorator } from "@nestjs/common";
import type { FastifyRequest } from "fastify";
import { GatewayConfig } from "../gateway.config.js";
import { findTenant } from "./find-tenant.js";
import { parseApiKeys } from "./parse-api-keys.js";

type TenantRequest = FastifyRequest & { tenant?: string };

@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly keys;

  constructor(config: GatewayConfig) {
    this.keys = parseApiKeys(config.API_KEYS);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<TenantRequest>();
    request.tenant = findTenant(request.headers, this.keys);
    return true;
  }
}

/** The name of the key that the request came with, behind `ApiKeyGuard`. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { tenant } = context.switchToHttp().getRequest<TenantRequest>();
  if (tenant === undefined) throw new Error("no ApiKeyGuard stands before this route");
  return tenant;
});
