import { IsBooleanVariable, IsIntVariable, IsParsedVariable, IsTextVariable } from "#platform/load-config.js";
import { parseHost } from "#platform/parse-host.js";
import { ServiceConfig } from "#platform/service-config.js";
import { parseRedisUrl } from "./redis/parse-redis-url.js";
import { readCertificate } from "./redis/read-certificate.js";
import { parseEncryptionKeys } from "./sealing/parse-encryption-keys.js";

/** The environment of the cache service; each property is a variable. */
export class CacheConfig extends ServiceConfig {
  /** 0: any free port. */
  @IsIntVariable(0, 65535)
  CACHE_PORT: number = 8100;

  @IsParsedVariable(parseHost)
  CACHE_HOST: string = "127.0.0.1";

  /** Neither this nor `REDIS_URL`: entries live in this process only. */
  @IsParsedVariable(parseHost)
  REDIS_HOST: string = "";

  @IsIntVariable(1, 65535)
  REDIS_PORT: number = 6379;

  @IsTextVariable()
  REDIS_USERNAME: string = "";

  @IsTextVariable()
  REDIS_PASSWORD: string = "";

  @IsBooleanVariable()
  REDIS_TLS: boolean = false;

  /** The path of a PEM file with the authority to trust; turns TLS on. */
  @IsParsedVariable(readCertificate)
  REDIS_TLS_CA: string = "";

  /**
   * `redis://user:password@host:port/database`, `redis-cluster://host:port,host:port` (some of its nodes) or
   * `redis-sentinel://host:port,host:port/mastername/database` (the sentinels), with `rediss` for TLS. Goes
   * before `REDIS_HOST` and the rest.
   */
  @IsParsedVariable(parseRedisUrl)
  REDIS_URL: string = "";

  @IsIntVariable(1, 1_048_576)
  CACHE_MAX_MEMORY_MB: number = 128;

  /** A larger entry is refused. */
  @IsIntVariable(1, 65_536)
  CACHE_MAX_ENTRY_KB: number = 1024;

  /** The most seconds that an entry may live. */
  @IsIntVariable(1, 31_536_000)
  CACHE_MAX_TTL: number = 604_800;

  /**
   * Encrypts what goes to Redis (AES-256-GCM): 32-byte keys in base64 or hex, separated by commas. The first
   * seals, all of them open. To change it, append the new key everywhere, then put it first, then drop the old.
   */
  @IsParsedVariable(parseEncryptionKeys)
  CACHE_ENCRYPTION_KEY: string = "";
}
