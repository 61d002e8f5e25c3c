/** A pattern for names in which `*` matches anything. `ending`: what a name may have behind it, as a regular expression. */
export function toNamePattern(text: string, ending = ""): RegExp {
  const parts = text.trim().split("*");
  return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join(".*")}${ending}$`);
}
