import { Injectable } from "@nestjs/common";
import { CacheMetrics } from "../entries/cache.metrics.js";
import { joinPlain, joinSealed, splitPlain, splitSealed } from "./check-body.js";
import { compress, decompress } from "./compress.js";
import { DamagedValue, decodeHeader, encodeHeader, type FrameHeader } from "./frame.js";
import { Keyring } from "./keyring.js";

/**
 * What goes to Redis goes through here: compressed, and encrypted where a key is set. A value opens under the
 * name it was sealed for only. With a key set an unencrypted one is not taken: who can write could forge it.
 */
@Injectable()
export class Sealer {
  constructor(
    private readonly keyring: Keyring,
    private readonly metrics: CacheMetrics,
  ) {}

  /** `expires` in milliseconds since the epoch. */
  async seal(name: string, value: Buffer, expires: number): Promise<Buffer> {
    const { first } = this.keyring;
    const compressed = await compress(value);
    const header = encodeHeader({ isCompressed: compressed !== undefined, keyId: first?.id, expires });
    const body = compressed ?? value;
    return first ? joinSealed(header, name, body, first) : joinPlain(header, name, body);
  }

  /** `undefined` when it is over by its own word, and when it is damaged, which is counted. */
  async open(name: string, frame: Buffer): Promise<Buffer | undefined> {
    try {
      const header = decodeHeader(frame);
      const body = this.check(header, name, frame);
      if (header.expires <= Date.now()) return undefined;
      return header.isCompressed ? await decompress(body) : body;
    } catch (error) {
      if (!(error instanceof DamagedValue)) throw error;
      this.metrics.countDamage(error.damage);
      return undefined;
    }
  }

  private check({ keyId }: FrameHeader, name: string, frame: Buffer): Buffer {
    if (!keyId) {
      if (this.keyring.first) throw new DamagedValue("unsealed");
      return splitPlain(frame, name);
    }
    const key = this.keyring.find(keyId);
    if (!key) throw new DamagedValue("unknown_key");
    return splitSealed(frame, name, key);
  }
}
