/** A pattern for names in which `*` matches anything. `ending`: what a name may have behind it, as a regular expression. */
export function toNamePattern(text: string, ending = ""): RegExp {
  const [first = "", ...others] = text
    .trim()
    .split("*")
    .map((part) => RegExp.escape(part));
  const last = others.pop();
  // A part is looked for once: found, it is not given up for a later one, so a long name takes no longer.
  const between = others.map((part, index) => `(?=(.*?${part}))\\${index + 1}`);
  return new RegExp(`^${first}${between.join("")}${last === undefined ? "" : `.*${last}`}${ending}$`);
}
