import { IsBooleanVariable, IsIntVariable, IsParsedVariable, IsTextVariable } from "#platform/load-config.js";
import { ServiceConfig } from "#platform/service-config.js";
import { parseRedisUrl } from "./redis/parse-redis-url.js";
import { readCertificate } from "./redis/read-certificate.js";

/** The environment of the cache service; each property is a variable. */
export class CacheConfig extends ServiceConfig {
  /** 0: any free port. */
  @IsIntVariable(0, 65535)
  CACHE_PORT: number = 8100;

  @IsTextVariable()
  CACHE_HOST: string = "127.0.0.1";

  /** Neither this nor `REDIS_URL`: entries live in this process only. */
  @IsTextVariable()
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

  /** `redis://user:password@host:port/database`, `rediss://` for TLS; goes before `REDIS_HOST` and the rest. */
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
}
