import fc from "fast-check";

// Texts for property tests: soups of markup, and valid calls that were damaged.

export const markup = fc.constantFrom(
  ..."<tool_call>|</tool_call>|<function=Read>|<function=Bash>|<function=Nope>|</function>|<parameter=command>".split(
    "|",
  ),
  ..."<parameter=file_path>|<parameter=x>|</parameter>|```|~~~|`|{|}|[|]|\"|'|\\|\n|\n\n|    |  |<|>|=|/|:|,".split(
    "|",
  ),
  ...'{"name": "Read", "arguments": {"file_path": "/a"}}|{"name": "Read", |"arguments": |"name": "Bash"|null|True'.split(
    "|",
  ),
);
const soup = fc.array(fc.oneof({ weight: 4, arbitrary: markup }, fc.string({ maxLength: 8 })), {
  maxLength: 40,
});
export const value = fc.oneof(
  fc.string(),
  fc.array(markup, { maxLength: 6 }).map((parts) => parts.join("")),
);

export const xmlCall = (command: string, path: string) =>
  `<tool_call>\n<function=Bash>\n<parameter=command>\n${command}\n</parameter>\n<parameter=description>\n${path}\n</parameter>\n</function>\n</tool_call>`;
export const hermesCall = (command: string) =>
  `<tool_call>\n${JSON.stringify({ name: "Bash", arguments: { command } })}\n</tool_call>`;
export const bareCall = (command: string) => JSON.stringify({ name: "Bash", arguments: { command } });
const call = fc.oneof(
  fc.tuple(value, value).map(([command, path]) => xmlCall(command, path)),
  value.map(hermesCall),
  value.map(bareCall),
);

/** A valid call with prose around and pieces deleted, doubled or put in elsewhere. */
const damaged = fc
  .tuple(
    fc.array(fc.oneof(call, fc.string(), fc.constant("\n")), { maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(30), markup, fc.nat(2)), { maxLength: 4 }),
  )
  .map(([parts, damages]) => damages.reduce(damage, parts.join("\n")));

function damage(text: string, [at, length, insert, how]: [number, number, string, number]): string {
  const start = text.length === 0 ? 0 : at % text.length;
  const [before, after] = [text.slice(0, start), text.slice(start)];
  if (how === 0) return before + after.slice(length);
  return how === 1 ? before + after.slice(0, length) + after : before + insert + after;
}

export const anyText = fc.oneof(
  soup.map((parts) => parts.join("")),
  damaged,
);
export const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 30 });

export const cycle = (list: number[]): (() => number) => {
  let next = 0;
  return () => list[next++ % list.length] ?? 1;
};
