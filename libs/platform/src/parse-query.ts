import { plainToInstance } from "class-transformer";
import { validateSync } from "class-validator";
import { ApiError } from "#anthropic/errors.js";

/** A query string's fields into a class with class-validator's rules. @throws ApiError `invalid_request_error` */
export function parseQuery<T extends object>(Query: new () => T, query: unknown): T {
  const parsed = plainToInstance(Query, query);
  const [fault] = validateSync(parsed);
  if (!fault) return parsed;
  const [message = `${fault.property}: is not valid`] = Object.values(fault.constraints ?? {});
  throw new ApiError("invalid_request_error", message);
}
