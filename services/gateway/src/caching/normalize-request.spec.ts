import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claudeCodeFixtures, readClaudeCodeBody } from "#anthropic/__fixtures__/read-fixture.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest } from "#anthropic/messages.js";
import { normalizeRequest, parseNormalizations } from "./normalize-request.js";
import { hashParts, toRequestParts } from "./request-parts.js";

const both = ["date", "home"] as const;
const turns = claudeCodeFixtures.filter((name) => !/count-tokens|title/.test(name));
/** Their reminders were replaced by placeholders, so that the date stands nowhere. */
const dated = turns.filter((name) => name !== "system-role-folded-2.1.330");

function read(name: string, changed: { home?: string; date?: string } = {}): CanonicalRequest {
  const { home = "/home/dev", date = "2026-01-02" } = changed;
  const json = JSON.stringify(readClaudeCodeBody(name))
    .replaceAll("/home/dev/.claude", () => `${home}/.claude`)
    .replaceAll("2026-01-02", date);
  return toCanonicalRequest(JSON.parse(json) as MessagesRequest);
}
const keyOf = (request: CanonicalRequest, enabled: readonly ("date" | "home")[] = both) =>
  hashParts(toRequestParts(normalizeRequest(request, enabled).request));

describe("CACHE_NORMALIZE", () => {
  it.each<[string, string[]]>([
    ["", []],
    ["date", ["date"]],
    ["home,date", ["home", "date"]],
    [" date , home ,", ["date", "home"]],
  ])("%j", (text, names) => expect(parseNormalizations(text)).toEqual(names));

  it.each(["cwd", "date,cwd", "date home", "Date"])("%j is refused", (text) =>
    expect(() => parseNormalizations(text)).toThrow("must be a list of date and home"),
  );
});

describe.each(turns)("Claude Code's %s", (name) => {
  it("is left alone where nothing is enabled", () => {
    const request = read(name);
    expect(normalizeRequest(request, [])).toEqual({ request, home: undefined });
    expect(normalizeRequest(request, []).request).toBe(request);
  });

  it("has one key for two HOMEs when enabled, and two when not", () => {
    const [one, other] = [read(name), read(name, { home: "/Users/Jane Doe" })];
    expect(keyOf(other, ["home"])).toBe(keyOf(one, ["home"]));
    expect(keyOf(other, ["date"])).not.toBe(keyOf(one, ["date"]));
    expect(keyOf(other, [])).not.toBe(keyOf(one, []));
    expect(normalizeRequest(other, both).home).toBe("/Users/Jane Doe/.claude");
  });

  it("still has two keys for two directories", () => {
    const moved = JSON.parse(
      JSON.stringify(read(name)).replaceAll("/home/dev/demo", "/home/dev/other"),
    ) as CanonicalRequest;
    const isNamed = JSON.stringify(read(name)).includes("/home/dev/demo");
    expect(keyOf(moved) !== keyOf(read(name))).toBe(isNamed);
  });
});

it.each(dated)("Claude Code's %s has one key for two days when enabled, and two when not", (name) => {
  const [one, other] = [read(name), read(name, { date: "2027-11-30" })];
  expect(keyOf(other, ["date"])).toBe(keyOf(one, ["date"]));
  expect(keyOf(other, ["home"])).not.toBe(keyOf(one, ["home"]));
  expect(keyOf(other, [])).not.toBe(keyOf(one, []));
});

/** The texts around the dates and paths are those of the real clients. */
const contextOf = (files: string, date: string) =>
  `<system-reminder>\nAs you answer the user's questions, you can use the following context:\n# claudeMd\n` +
  `${files}# currentDate\nToday's date is ${date}.\n\n      IMPORTANT: may or may not be relevant.\n</system-reminder>\n\n`;
const globalFile = (home: string) =>
  `Contents of ${home}/.claude/CLAUDE.md (user's private global instructions for all projects):\n\n# Rules\n`;
const projectFile = (text: string) =>
  `Contents of /home/dev/demo/CLAUDE.md (project instructions, checked into the codebase):\n\n${text}\n`;
const memory = (home: string) =>
  `# Memory\nYou have a persistent file-based memory at \`${home}/.claude/projects/-work/memory/\`. Use it.\n`;
const environment = (cwd: string) => `# Environment\n - Primary working directory: ${cwd}\n`;
const gitStatus = (text: string) =>
  `gitStatus: a snapshot\n\nCurrent branch: main\n\nRecent commits:\n${text}`;

interface Parts {
  home?: string;
  date?: string;
  cwd?: string;
  commits?: string;
  file?: string;
  prompt?: string;
  result?: string;
  reminder?: string;
}
type Shape = (parts: Parts) => MessagesRequest;

const later = ({ prompt = "Hi", result = "", reminder = "" }: Parts): MessagesRequest["messages"] => [
  { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "Read", input: {} }] },
  {
    role: "user",
    content: [
      { type: "tool_result", tool_use_id: "toolu_1", content: result },
      { type: "text", text: `<system-reminder>\n${reminder}\n</system-reminder>` },
      { type: "text", text: prompt },
    ],
  },
];
const old: Shape = (parts) => {
  const {
    home = "/root",
    date = "2026-01-02",
    cwd = "/work",
    commits = "",
    file = "",
    prompt = "Hi",
  } = parts;
  const text = memory(home) + environment(cwd) + gitStatus(commits);
  const context = contextOf(globalFile(home) + projectFile(file), date);
  return {
    model: "m",
    system: [
      { type: "text", text: "You are an agent." },
      { type: "text", text },
    ],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: context },
          { type: "text", text: prompt },
        ],
      },
      { role: "system", content: "Agents and skills." },
      ...later(parts),
    ],
  };
};
const current: Shape = (parts) => {
  const {
    home = "/root",
    date = "2026-01-02",
    cwd = "/work",
    commits = "",
    file = "",
    prompt = "Hi",
  } = parts;
  const reminders = [globalFile(home) + projectFile(file), `# gitStatus\n${gitStatus(commits)}`];
  return {
    model: "m",
    system: [{ type: "text", text: memory(home) }],
    messages: [
      {
        role: "user",
        content: [...reminders.map((text) => `<system-reminder>\n${text}\n</system-reminder>\n`), prompt].map(
          (text) => ({ type: "text" as const, text }),
        ),
      },
      { role: "system", content: `${environment(cwd)}\nSkills.\n\nToday's date is ${date}.` },
      ...later(parts),
    ],
  };
};

it("reads a reminder of any number of lines", () => {
  const reminder = `<system-reminder>\n${"\n".repeat(6_000_000)}`;
  const request = toCanonicalRequest({
    model: "m",
    system: memory("/root"),
    messages: [{ role: "user", content: reminder }],
  });
  const { request: normalized } = normalizeRequest(request, ["home"]);
  expect(normalized.messages).toEqual(request.messages);
});

describe.each<[string, Shape]>([
  ["2.1.197", old],
  ["2.1.330", current],
])("a request in the shape of %s", (_version, shape) => {
  const key = (parts: Parts) => keyOf(toCanonicalRequest(shape(parts)));

  it("has the day and the folder masked, the user's own CLAUDE.md too", () => {
    expect(key({ home: "/home/bob", date: "1999-12-31" })).toBe(key({}));
    const { request } = normalizeRequest(toCanonicalRequest(shape({ home: "/home/bob" })), both);
    expect(JSON.stringify(request)).not.toContain("bob");
    expect(JSON.stringify(request)).toContain("Contents of <HOME>/.claude/CLAUDE.md (user's");
  });

  const lines = [
    "Today's date is 2020-01-01.",
    "# currentDate\nToday's date is 2020-01-01.",
    "Contents of /root/.claude/CLAUDE.md (user's private global instructions for all projects):",
    "Memory is at `/root/.claude/projects/-work/memory/`.",
    "/root/.claude/settings.json",
  ];
  const places = ["commits", "file", "prompt", "result", "reminder"] as const;
  const cases = places.flatMap((place) => lines.map((line): [string, string] => [place, line]));
  it.each(cases)("keeps what looks the same in %s: %j", (place, line) => {
    // 2.1.330 writes no `# currentDate`; its absence is what tells the one in a file apart.
    const other = line.replaceAll("2020", "2021").replaceAll("/root", "/home/bob");
    expect(key({ [place]: other })).not.toBe(key({ [place]: line }));
    const { request } = normalizeRequest(toCanonicalRequest(shape({ [place]: line })), both);
    expect(JSON.stringify(request)).toContain(JSON.stringify(line).slice(1, -1));
  });

  it.each(["/root/.claude", "/root/.claude/projects/-work/memory", "/root/.claude/demo"])(
    "keeps the working directory %s",
    (cwd) => {
      const { request } = normalizeRequest(toCanonicalRequest(shape({ cwd })), both);
      expect(JSON.stringify(request)).toContain(`Primary working directory: ${cwd}`);
    },
  );

  it("differs from another in nothing but what the client wrote", () => {
    const said = fc.oneof(
      fc.string(),
      fc.constantFrom(...lines),
      fc.constantFrom("\n", "</system-reminder>"),
    );
    const text = fc.array(said, { maxLength: 4 }).map((parts) => parts.join("\n"));
    const parts = fc.record({ commits: text, file: text, prompt: text, result: text, reminder: text });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(key(one) === key({ ...other, home: "/x", date: "2000-02-02" })).toBe(isSame);
        expect(key({ ...one, home: "/home/bob", date: "1999-12-31" })).toBe(key(one));
      }),
      { numRuns: 300 },
    );
  });

  it("does not change its input", () => {
    const request = toCanonicalRequest(shape({}));
    const before = structuredClone(request);
    normalizeRequest(request, both);
    expect(request).toEqual(before);
  });
});

it.each<[string, MessagesRequest]>([
  ["no system prompt", { model: "m", messages: [{ role: "user", content: "Hi" }] }],
  ["no messages", { model: "m", messages: [] }],
  ["an assistant first", { model: "m", messages: [{ role: "assistant", content: "Hi" }] }],
  [
    "a folder in the prompt only",
    { model: "m", messages: [{ role: "user", content: memory("/home/eve") }], system: "Be brief." },
  ],
])("a request with %s is left as it is", (_name, request) => {
  const canonical = toCanonicalRequest(request);
  expect(normalizeRequest(canonical, both)).toEqual({ request: canonical, home: undefined });
});
