import { randomFillSync } from "node:crypto";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

const lengthOfId = 22;
/** Random bytes for many ids: asking for a few at a time costs more than all the rest of an id. */
const pool = Buffer.allocUnsafeSlow(256 * lengthOfId);
let used = pool.length;

function mint(prefix: string): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let id = prefix;
  for (const end = used + lengthOfId; used < end; used++) id += alphabet[pool[used]! % alphabet.length];
  return id;
}

export const mintMessageId = (): string => mint("msg_01");
export const mintToolUseId = (): string => mint("toolu_01");
export const mintRequestId = (): string => mint("req_01");
