import { ApiError } from "#anthropic/errors.js";

/** Far more than any conversation has. */
const mostValues = 1_000_000;
/** Far more than a tool has arguments, or a schema has properties. */
const mostMembers = 10_000;
/** The objects of a shorter body are not that large. */
const smallBody = 256 * 1024;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const bracket = 0x5b;
const brace = 0x7b;
const endBracket = 0x5d;
const endBrace = 0x7d;

/**
 * A value of three bytes takes dozens once it is parsed: 30 MB of nothing but `{}` would take all memory that a
 * service has, and seconds. Large objects cost most, for they are copied without some of their members: one of 10 MB
 * held all others up for 40 s. @throws ApiError `invalid_request_error`
 */
export function checkValueCount(
  json: Buffer,
  most = { values: mostValues, members: mostMembers, small: smallBody },
): void {
  if (json.length <= most.small) return;
  let values = 0;
  /** Of the object that is open; of a list there may be any number. */
  let members = 0;
  const outer: number[] = [];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) at = endOfString(json, at);
    else if (byte === comma) {
      values += 1;
      members += 1;
      if (members > most.members) throw tooMany(`an object with more than ${most.members} members`);
    } else if (byte === bracket || byte === brace) {
      values += 1;
      outer.push(members);
      members = byte === brace ? 1 : -Infinity;
    } else if (byte === endBracket || byte === endBrace) members = outer.pop() ?? 0;
    if (values > most.values) throw tooMany(`more than ${most.values} objects, lists and values`);
  }
}

const tooMany = (what: string) => new ApiError("invalid_request_error", `The request has ${what}`);

/** Where its closing quote stands. */
function endOfString(json: Buffer, start: number): number {
  let at = json.indexOf(quote, start + 1);
  if (at !== -1 && json[at - 1] !== backslash) return at;
  for (at = start + 1; at < json.length && json[at] !== quote; at++) if (json[at] === backslash) at += 1;
  return at;
}
