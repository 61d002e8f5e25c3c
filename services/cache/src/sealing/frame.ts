/**
 * How a value stands in Redis: "LSH", schema version, flags, key id, expiry, check, then the nonce where it is
 * sealed, then the body. The check is over all the rest and the value's name: GCM's tag, or else a checksum.
 */
const schemaVersion = 1;
export const keyIdBytes = 4;
export const checkBytes = 16;
export const nonceBytes = 12;

const magic = Buffer.from("LSH");
const flagsAt = magic.length + 1;
const keyIdAt = flagsAt + 1;
const expiresAt = keyIdAt + keyIdBytes;
/** Ends before the check. */
export const headerBytes = expiresAt + 8;
const compressedFlag = 1;
const sealedFlag = 2;

/** Why a value is not taken. `foreign`: not ours; `unsealed`: not encrypted, though a key is set. */
export const damages = ["foreign", "version", "unknown_key", "unsealed", "checksum", "content"] as const;
export type Damage = (typeof damages)[number];

/** Never leaves the sealer: a damaged value is a miss. */
export class DamagedValue extends Error {
  constructor(readonly damage: Damage) {
    super(damage);
  }
}

export interface FrameHeader {
  isCompressed: boolean;
  /** `undefined`: not encrypted. */
  keyId: Buffer | undefined;
  /** Milliseconds since the epoch. */
  expires: number;
}

export function encodeHeader({ isCompressed, keyId, expires }: FrameHeader): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header[magic.length] = schemaVersion;
  header[flagsAt] = (isCompressed ? compressedFlag : 0) | (keyId ? sealedFlag : 0);
  keyId?.copy(header, keyIdAt);
  header.writeDoubleBE(expires, expiresAt);
  return header;
}

/** @throws DamagedValue */
export function decodeHeader(frame: Buffer): FrameHeader {
  if (frame.length < headerBytes + checkBytes || !frame.subarray(0, magic.length).equals(magic))
    throw new DamagedValue("foreign");
  if (frame[magic.length] !== schemaVersion) throw new DamagedValue("version");
  const flags = frame[flagsAt] ?? 0;
  const isSealed = (flags & sealedFlag) !== 0;
  if (isSealed && frame.length < headerBytes + checkBytes + nonceBytes) throw new DamagedValue("foreign");
  return {
    isCompressed: (flags & compressedFlag) !== 0,
    keyId: isSealed ? frame.subarray(keyIdAt, keyIdAt + keyIdBytes) : undefined,
    expires: frame.readDoubleBE(expiresAt),
  };
}
