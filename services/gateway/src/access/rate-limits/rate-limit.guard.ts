import { type CanActivate, type ExecutionContext, Injectable } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { tenantOf } from "../api-key.guard.js";
import { RateLimits } from "./rate-limits.service.js";

/** Behind `ApiKeyGuard`, before routes that make the model work. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.limits.areOff || this.admit(context);
  }

  private async admit(context: ExecutionContext): Promise<boolean> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    await this.limits.admit(tenantOf(context), (headers) => reply.headers(headers));
    return true;
  }
}
