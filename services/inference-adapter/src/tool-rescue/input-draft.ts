import { coerceInput } from "./coerce-to-schema.js";
import { flattenSchema, type Schema } from "./flatten-schema.js";
import { isJsonObject } from "./mend-json.js";
import { StringDraft } from "./string-draft.js";

/**
 * The beginning of a call's input as JSON, while the call is still being written: only what nothing that may
 * follow can change. Texts grow as they come, where the schema allows nothing but text; other values are there
 * when they are whole.
 */
export class InputDraft {
  private taken = "";
  private fresh = "";
  private isFrozen = false;
  private readonly names = new Set<string>();
  private open: { name: string; text: StringDraft | undefined } | undefined;

  constructor(private readonly schema: Schema | undefined) {}

  /** A value of this name begins, as a text or not. @returns whether it is told while it grows */
  begin(name: string, beginsAsText = true): boolean {
    // JSON.stringify puts names that look like numbers first, and a second value of a name in the first one's place.
    if (this.names.has(name) || /^\d+$/.test(name)) this.freeze();
    if (this.isFrozen) return false;
    const text = beginsAsText && isText(name, this.schema) ? new StringDraft() : undefined;
    this.fresh += (this.names.size === 0 ? "{" : ",") + (text ? `${JSON.stringify(name)}:"` : "");
    this.names.add(name);
    this.open = { name, text };
    return text !== undefined;
  }

  add(text: string): void {
    if (!this.isFrozen) this.fresh += this.open?.text?.add(text) ?? "";
  }

  /** The value that is open has ended, and this is all of it. */
  close(value: unknown): void {
    if (this.isFrozen || !this.open) return;
    const { name, text } = this.open;
    this.open = undefined;
    if (text && typeof value === "string") this.fresh += `${text.rest(value)}"`;
    else if (text) this.freeze();
    else {
      const { [name]: coerced } = coerceInput({ [name]: value }, this.schema);
      this.fresh += `${JSON.stringify(name)}:${JSON.stringify(coerced)}`;
    }
  }

  /** What comes now may be read in more than one way: nothing more is certain before the end. */
  freeze(): void {
    this.isFrozen = true;
  }

  get isTaken(): boolean {
    return this.taken !== "";
  }

  /** What has become certain since the last time. */
  take(): string {
    const { fresh } = this;
    this.taken += fresh;
    this.fresh = "";
    return fresh;
  }

  /**
   * What is missing behind all that was taken. Where that is no beginning of the input, as when a parameter came
   * twice, all members are told again: of a name that stands twice in an object the last one counts.
   */
  rest(input: Record<string, unknown>): string {
    const whole = JSON.stringify(input);
    if (whole.startsWith(this.taken)) return whole.slice(this.taken.length);
    const closed = this.fresh + (this.open?.text ? '"' : "");
    return `${closed}${/[{,]$/.test(closed || this.taken) ? "" : ","}${whole.slice(1)}`;
  }
}

/** Whether text is all that the schema allows, so that it stays as it is written. */
function isText(name: string, schema: Schema | undefined): boolean {
  const properties = isJsonObject(schema?.properties) ? schema.properties : {};
  const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (!isJsonObject(own) || !flattenSchema(schema ?? {}, schema ?? {}).some(({ type }) => type === "object"))
    return false;
  const options = flattenSchema(own, schema ?? {});
  return options.length > 0 && options.every(({ type }) => type === "string");
}
