import { hash } from "node:crypto";
import { deepestNesting, nestedTooDeeply } from "./check-nesting.js";

/** A longer text goes to the buffer on its own: joined with others, a text beyond Latin-1 would widen them all. */
const shortText = 256;
const fewNames = 16;
const maxQuotedNames = 5000;
const quotedNames = new Map<string, string>();

/** SHA-256 of a value's canonical JSON, in hex. */
export function hashCanonicalJson(value: unknown): string {
  return hash("sha256", toCanonicalBytes(value), "hex");
}

/** No longer than a hash and its mark. */
const shortJson = 44;

/** As `hashCanonicalJson`, but short JSON stands for itself; a hash has a `#` before it, as no JSON has. */
export function digestCanonicalJson(value: unknown): string {
  const json = toCanonicalBytes(value);
  return json.length <= shortJson ? json.toString() : `#${hash("sha256", json, "base64url")}`;
}

/**
 * Canonical JSON in UTF-8, without making one large text of it: the names of every object sorted, so that equal values
 * are equal texts; undefined members are left out. It stands until the next call.
 */
function toCanonicalBytes(value: unknown): Buffer {
  const writer = new Utf8Writer();
  writeValue(value, writer, 0);
  return writer.finish();
}

function writeValue(value: unknown, writer: Utf8Writer, depth: number): void {
  if (value === null || typeof value !== "object") return writer.write(toJson(value));
  if (depth > deepestNesting) throw nestedTooDeeply();
  if (Array.isArray(value)) {
    writer.gathered += "[";
    for (let index = 0; index < value.length; index++) {
      if (index > 0) writer.gathered += ",";
      writeValue(value[index], writer, depth + 1);
    }
    writer.gathered += "]";
    return;
  }
  const object = value as Record<string, unknown>;
  let separator = "{";
  for (const name of sortedNames(object)) {
    const member = object[name];
    if (member === undefined) continue;
    writer.gathered += separator + quote(name);
    separator = ",";
    writeValue(member, writer, depth + 1);
  }
  writer.gathered += separator === "{" ? "{}" : "}";
}

/** Numbers beyond what JavaScript has (`1e400`) are infinite, which JSON writes as null: another value. */
function toJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return JSON.stringify(value) ?? "null";
}

/** Few names are put in order by hand: `sort` takes more memory than all the rest of them. */
function sortedNames(object: object): string[] {
  const names = Object.keys(object);
  if (names.length > fewNames) return names.sort();
  for (let index = 1; index < names.length; index++) {
    const name = names[index] as string;
    let place = index;
    for (let before: string; place > 0 && (before = names[place - 1] as string) > name; place--)
      names[place] = before;
    names[place] = name;
  }
  return names;
}

/** The names of a request's members are few and always the same. */
function quote(name: string): string {
  let quoted = quotedNames.get(name);
  if (quoted === undefined) {
    quoted = `${JSON.stringify(name)}:`;
    if (quotedNames.size < maxQuotedNames && name.length < shortText) quotedNames.set(name, quoted);
  }
  return quoted;
}

/** Kept from one call to the next; a call does not wait for anything, so there is never more than one. */
let shared = Buffer.allocUnsafeSlow(256 * 1024);
const largestKept = 4 * 1024 * 1024;

class Utf8Writer {
  gathered = "";
  private buffer = shared;
  private length = 0;

  write(text: string): void {
    if (text.length < shortText) {
      this.gathered += text;
      return;
    }
    this.append(this.gathered);
    this.gathered = "";
    this.append(text);
  }

  finish(): Buffer {
    this.append(this.gathered);
    if (this.buffer.length <= largestKept) shared = this.buffer;
    return this.buffer.subarray(0, this.length);
  }

  private append(text: string): void {
    const needed = this.length + text.length * 3;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    this.length += this.buffer.write(text, this.length);
  }
}
