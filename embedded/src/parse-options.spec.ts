import { describe, expect, it } from "vitest";
import { parseOptions } from "./parse-options.js";

const none = { help: false, debug: false, port: undefined };

describe("parseOptions", () => {
  it.each<[string, string[], NodeJS.ProcessEnv, object]>([
    ["nothing", [], {}, none],
    ["a port", ["--port", "8001"], {}, { ...none, port: "8001" }],
    ["a port after =", ["--port=8001"], {}, { ...none, port: "8001" }],
    ["any free port", ["--port", "0"], {}, { ...none, port: "0" }],
    ["debug and help", ["--debug", "--help"], {}, { help: true, debug: true, port: undefined }],
    ["npm start --port=8001", [], { npm_config_port: "8001" }, { ...none, port: "8001" }],
    ["npm start --port 8001", ["8001"], { npm_config_port: "true" }, { ...none, port: "8001" }],
    ["npm start --debug", [], { npm_config_debug: "true" }, { ...none, debug: true }],
    [
      "npm start --debug --port 8001",
      ["8001"],
      { npm_config_debug: "true", npm_config_port: "true" },
      { help: false, debug: true, port: "8001" },
    ],
    ["its own port before npm's", ["--port", "1"], { npm_config_port: "2" }, { ...none, port: "1" }],
  ])("reads %s", (_name, args, env, expected) => expect(parseOptions(args, env)).toEqual(expected));

  it.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ["an unknown option", ["--prot", "8001"], {}, /^Unknown option '--prot'\n\nnpm start/],
    ["an argument", ["8001"], {}, /^Unknown argument 8001\n/],
    ["two arguments", ["8001", "x"], { npm_config_port: "true" }, /^Unknown argument x\n/],
    ["a port that is no number", ["--port", "eight"], {}, /^--port must be a whole number/],
    ["a port below 0", ["--port", "-1"], {}, /^--port must be a whole number/],
    ["a port below 0 after an option", ["--debug", "--port", "-1"], {}, /^--port must be a whole number/],
    ["a port too high", ["--port", "65536"], {}, /^--port must be/],
    ["no port after npm's --port", [], { npm_config_port: "true" }, /^--port must be/],
    ["no port after --port", ["--port"], {}, /--port <value>/],
    ["a value for --debug", ["--debug=1"], {}, /--debug/],
  ])("refuses %s", (_name, args, env, message) => expect(() => parseOptions(args, env)).toThrow(message));
});
