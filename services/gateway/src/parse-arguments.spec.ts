import { expect, it } from "vitest";
import { parseArguments } from "./parse-arguments.js";

it.each<[string, string[], object]>([
  ["nothing", [], {}],
  ["a port", ["--port", "8001"], { API_PORT: "8001" }],
  ["a port after =", ["--port=8001"], { API_PORT: "8001" }],
])("reads %s", (_name, args, expected) => expect(parseArguments(args)).toEqual(expected));

it.each([[["--prot", "1"]], [["8001"]], [["--port"]]])("refuses %s", (args) =>
  expect(() => parseArguments(args)).toThrow(),
);
