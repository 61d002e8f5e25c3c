import { createCipheriv, createDecipheriv, hash, randomBytes } from "node:crypto";
import { checkBytes, DamagedValue, headerBytes, nonceBytes } from "./frame.js";
import type { SealingKey } from "./keyring.js";

const cipherName = "aes-256-gcm";

/** Header, checksum, body. The name is in the checksum: under another name the value is damaged. */
export function joinPlain(header: Buffer, name: string, body: Buffer): Buffer {
  return Buffer.concat([header, checksum(header, name, body), body]);
}

/** @throws DamagedValue */
export function splitPlain(frame: Buffer, name: string): Buffer {
  const header = frame.subarray(0, headerBytes);
  const body = frame.subarray(headerBytes + checkBytes);
  if (!checksum(header, name, body).equals(frame.subarray(headerBytes, headerBytes + checkBytes)))
    throw new DamagedValue("checksum");
  return body;
}

/** Header, tag, nonce, encrypted body. Header and name are authenticated with it. */
export function joinSealed(header: Buffer, name: string, body: Buffer, key: SealingKey): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, key.secret, nonce);
  cipher.setAAD(boundTo(header, name));
  const encrypted = [cipher.update(body), cipher.final()];
  return Buffer.concat([header, cipher.getAuthTag(), nonce, ...encrypted]);
}

/** @throws DamagedValue */
export function splitSealed(frame: Buffer, name: string, key: SealingKey): Buffer {
  const nonceAt = headerBytes + checkBytes;
  const bodyAt = nonceAt + nonceBytes;
  const decipher = createDecipheriv(cipherName, key.secret, frame.subarray(nonceAt, bodyAt));
  decipher.setAAD(boundTo(frame.subarray(0, headerBytes), name));
  decipher.setAuthTag(frame.subarray(headerBytes, nonceAt));
  try {
    return Buffer.concat([decipher.update(frame.subarray(bodyAt)), decipher.final()]);
  } catch {
    throw new DamagedValue("checksum");
  }
}

function checksum(header: Buffer, name: string, body: Buffer): Buffer {
  const all = Buffer.concat([boundTo(header, name), body]);
  return hash("sha256", all, "buffer").subarray(0, checkBytes);
}

function boundTo(header: Buffer, name: string): Buffer {
  return Buffer.concat([header, Buffer.from(`${name}\0`)]);
}
