import { expect, it } from "vitest";
import { parseArguments } from "./parse-arguments.js";

it.each<[string, string[], object]>([
  ["nothing", [], {}],
  ["a port", ["--port", "8001"], { API_PORT: "8001" }],
  ["a port below 0, which the configuration refuses", ["--port", "-1"], { API_PORT: "-1" }],
  ["a port after =", ["--port=8001"], { API_PORT: "8001" }],
])("reads %s", (_name, args, expected) => expect(parseArguments(args)).toEqual(expected));

it.each([[["--prot", "1"]], [["8001"]], [["--port"]]])("refuses %s", (args) =>
  expect(() => parseArguments(args)).toThrow(),
);
