import { expect, it } from "vitest";
import { checkValueCount } from "./check-value-count.js";

const check = (text: string) => checkValueCount(Buffer.from(text), 3);

it.each(["[1,2,3]", '{"a":[{}]}', '{"a,[{":",,,\\",,,"}', '[",,,,\\\\","é,,,,"]', "", "[[[", '"[[[[[[[['])(
  "lets %s pass",
  (text) => expect(() => check(text)).not.toThrow(),
);

it.each(["[1,2,3,4]", "[[[[[[[[", "[{},{},{}]", '{"a":1,"b":2,"c":3,"d":4}', '["\\\\",",",1,2,3]'])(
  "refuses %s",
  (text) =>
    expect(() => check(text)).toThrow(
      expect.objectContaining({ type: "invalid_request_error", status: 400 }) as Error,
    ),
);
