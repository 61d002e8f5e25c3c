import { randomUUID } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { redisNames } from "../entries/redis-names.js";
import { isWrongKind } from "../redis/is-wrong-kind.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { Sealer } from "../sealing/sealer.js";
import { type Change, decodeChange, encodeChange } from "./change.js";

const name = redisNames.changes;
/** Who was away for longer has lost the thread, and starts with an empty memory. */
const keptMs = 3_600_000;
const keptChanges = 10_000;
const readAtOnce = 500;

/**
 * What somebody else has put in the log's place goes. A full Redis refuses what needs memory as a script's first
 * write, and takes it as its second.
 */
const appendScript = `
if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then redis.call('DEL', KEYS[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'origin', ARGV[2], 'change', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return id`;

export interface ReadChanges {
  /** Of others only. */
  changes: Change[];
  /** The id of the last one read; `undefined`: the log does not know where we were, changes may be missing. */
  position: string | undefined;
  isEnd: boolean;
}

/**
 * Changes of all cache services over one Redis, in their order. A log, not a channel: who was cut off for a
 * while reads on where it was, and knows when it cannot.
 */
@Injectable()
export class ChangeLog {
  private readonly origin = randomUUID();

  constructor(
    private readonly redis: RedisConnection,
    private readonly sealer: Sealer,
  ) {}

  /** @returns its id @throws also where Redis answers with anything else: nobody could read on from there */
  async append(change: Change): Promise<string> {
    const sealed = await this.sealer.seal(name, encodeChange(change), Infinity);
    const args = [String(keptChanges), this.origin, sealed, String(keptMs)];
    const id = String(await this.redis.ask(name, ["EVAL", appendScript, "1", name, ...args]));
    if (!/^\d+-\d+$/.test(id)) throw new Error("Redis gave a change no id");
    return id;
  }

  async read(position: string): Promise<ReadChanges> {
    const [here, ...others] = await this.range(position);
    if (String(here?.[0]) !== position) return { changes: [], position: undefined, isEnd: true };
    const foreign = others.filter(([, fields]) => String(fields[1]) !== this.origin);
    return {
      changes: await Promise.all(foreign.map(([, fields]) => this.open(fields[3]))),
      position: String(others.at(-1)?.[0] ?? position),
      isEnd: others.length < readAtOnce - 1,
    };
  }

  private async range(position: string): Promise<[id: Buffer, fields: Buffer[]][]> {
    try {
      const answer = await this.redis.ask(name, ["XRANGE", name, position, "+", "COUNT", String(readAtOnce)]);
      return answer as [id: Buffer, fields: Buffer[]][];
    } catch (error) {
      if (isWrongKind(error)) return [];
      throw error;
    }
  }

  /** Nobody reads on for an hour: the log is still needed. */
  async keep(): Promise<void> {
    await this.redis.ask(name, ["PEXPIRE", name, String(keptMs)]);
  }

  /** What cannot be read, because its key is not known here, may mean anything. */
  private async open(frame: Buffer | undefined): Promise<Change> {
    const value = frame && (await this.sealer.open(name, frame));
    return value ? decodeChange(value) : { filter: {} };
  }
}
