/** Of the 16,384 slots of a cluster the one of a key: CRC-16/XMODEM of the key, or of its first `{tag}`. */
export function keySlot(key: string): number {
  const tag = /\{([^}]+)\}/.exec(hasEmptyTag(key) ? "" : key)?.[1];
  let checksum = 0;
  for (const byte of Buffer.from(tag ?? key)) {
    checksum ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) checksum = (checksum << 1) ^ (checksum & 0x8000 ? 0x1021 : 0);
    checksum &= 0xffff;
  }
  return checksum % 16384;
}

/** Redis looks at the first opening brace only. */
function hasEmptyTag(key: string): boolean {
  return key.startsWith("{}", key.indexOf("{"));
}
