import { expect, it } from "vitest";
import { checkValueCount } from "./check-value-count.js";

const check = (text: string) => checkValueCount(Buffer.from(text), { values: 3, members: 2, small: 3 });

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

const members = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`,{a member in a long body ${at}`, at]));

it.each<[string, (inner: object) => unknown]>([
  ["it is the whole", (inner) => inner],
  ["in a list", (inner) => [1, [inner]]],
  ["in another, behind others", (inner) => ({ a: { b: [1, 2, {}] }, c: [[], members(10_000)], d: inner })],
])("an object has a bounded number of members: %s", (_place, toBody) => {
  const checkBody = (count: number) => () =>
    checkValueCount(Buffer.from(JSON.stringify(toBody(members(count)))));
  expect(checkBody(10_000)).not.toThrow();
  expect(checkBody(10_001)).toThrow("The request has an object with more than 10000 members");
});

it("what a short body has is not counted", () => {
  expect(() =>
    checkValueCount(
      Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [at, 1])))),
    ),
  ).not.toThrow();
});

it("lists have as many values as a body may have", () => {
  const list = Array.from({ length: 100_000 }, () => members(2));
  expect(() => checkValueCount(Buffer.from(JSON.stringify(list)))).not.toThrow();
});
