import { type CanActivate, type ExecutionContext, Injectable, createParamDecorator } from "@nestjs/common";
import type { FastifyRequest } from "fastify";
import { ApiKeys } from "./api-keys.js";

type TenantRequest = FastifyRequest & { tenant?: string };

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(private readonly keys: ApiKeys) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<TenantRequest>();
    request.tenant = this.keys.findTenant(request.headers);
    return true;
  }
}

/** The name of the key that a request came with, behind `ApiKeyGuard`. */
function tenantOf(context: ExecutionContext): string {
  const { tenant } = context.switchToHttp().getRequest<TenantRequest>();
  if (tenant === undefined) throw new Error("no ApiKeyGuard stands before this route");
  return tenant;
}

export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  tenantOf(context),
);
