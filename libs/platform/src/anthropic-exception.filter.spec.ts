import type { ArgumentsHost } from "@nestjs/common";
import { expect, test } from "vitest";
import { AnthropicExceptionFilter } from "./anthropic-exception.filter.js";
import type { Logger } from "./logging.js";

test.each([
  ["work that ended because its client left is no failure", new DOMException("left", "AbortError"), []],
  ["a fault is one, whoever has left", new Error("fault"), ["request failed"]],
])("%s", (_, exception, failures) => {
  const logged: string[] = [];
  const logger = { error: (_fields: unknown, message: string) => logged.push(message) };
  const http = {
    getRequest: () => ({ id: "r" }),
    getResponse: () => ({ raw: { destroyed: true, headersSent: false } }),
  };
  const host = { switchToHttp: () => http } as unknown as ArgumentsHost;
  new AnthropicExceptionFilter(logger as unknown as Logger).catch(exception, host);
  expect(logged).toEqual(failures);
});
