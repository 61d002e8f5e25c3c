import { createHash, createHmac, hkdfSync } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { CacheConfig } from "../cache.config.js";
import { keyIdBytes } from "./frame.js";
import { parseEncryptionKeys } from "./parse-encryption-keys.js";

export interface SealingKey {
  /** Says which key opens a frame, and nothing else about it. */
  id: Buffer;
  secret: Buffer;
}

/** The keys of `CACHE_ENCRYPTION_KEY`. Each use has a key of its own, derived from the configured one. */
@Injectable()
export class Keyring {
  /** The one that seals; `undefined`: values are not encrypted. */
  readonly first: SealingKey | undefined;
  private readonly keys: SealingKey[];
  private readonly nameKey: Buffer | undefined;

  constructor(config: CacheConfig) {
    const configured = parseEncryptionKeys(config.CACHE_ENCRYPTION_KEY);
    this.keys = configured.map((key) => ({
      id: derive(key, "key id").subarray(0, keyIdBytes),
      secret: derive(key, "seal"),
    }));
    this.first = this.keys[0];
    this.nameKey = configured[0] && derive(configured[0], "names");
  }

  find(id: Buffer): SealingKey | undefined {
    return this.keys.find((key) => key.id.equals(id));
  }

  /** A name that may stand in a key of Redis: with a key set it tells nothing, not even to who guesses. */
  hideName(name: string): string {
    const hash = this.nameKey ? createHmac("sha256", this.nameKey) : createHash("sha256");
    return hash.update(name).digest("hex").slice(0, 32);
  }
}

function derive(key: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `llm-selfhost cache ${use}`, 32));
}
