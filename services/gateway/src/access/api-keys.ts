import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { ConfigError } from "#platform/load-config.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { GatewayConfig } from "../gateway.config.js";
import { findTenant, holdsKey, noTenant } from "./find-tenant.js";
import { type ApiKey, parseApiKeys } from "./parse-api-keys.js";
import { parseKeyFile } from "./parse-key-file.js";

const lookIntervalMs = 1000;

/** The keys of `API_KEYS` and of `API_KEYS_FILE`, which is read again when it changes. */
@Injectable()
export class ApiKeys implements OnApplicationShutdown {
  private readonly fixed: ApiKey[];
  private keys: ApiKey[];
  private fileText = "";
  /** What the file held at the last look: one that is just being written is looked at again. */
  private seenText = "";
  private isFileMissed = false;
  /** Something that whoever has no key file and no environment of this gateway cannot know; the same to its end. */
  readonly secret: string;
  private looking: NodeJS.Timeout | undefined;

  /** @throws ConfigError when the file cannot be used */
  constructor(
    private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.fixed = parseApiKeys(config.API_KEYS);
    this.keys = [...this.fixed, ...this.readAtStart()];
    this.secret = hash("sha256", JSON.stringify([config.API_KEYS, this.fileText]), "base64url");
    if (config.API_KEYS_FILE !== "")
      this.looking = setInterval(() => void this.readAgain(), lookIntervalMs).unref();
  }

  /** With a key file there is authentication, whatever stands in the file. */
  get areSet(): boolean {
    return this.keys.length > 0 || this.config.API_KEYS_FILE !== "";
  }

  /** @throws ApiError `authentication_error` */
  findTenant(headers: IncomingHttpHeaders): string {
    return this.areSet ? findTenant(headers, this.keys) : noTenant;
  }

  hasValidKey(headers: IncomingHttpHeaders): boolean {
    return this.areSet && holdsKey(headers, this.keys);
  }

  onApplicationShutdown(): void {
    clearInterval(this.looking);
  }

  private readAtStart(): ApiKey[] {
    const { API_KEYS_FILE: file } = this.config;
    try {
      if (file !== "") this.fileText = this.seenText = readFileSync(file, "utf8");
      return parseKeyFile(this.fileText);
    } catch (error) {
      throw new ConfigError([`API_KEYS_FILE ${(error as Error).message}`]);
    }
  }

  /** A file that cannot be used any more changes nothing: neither does it lock everybody out, nor let anybody in. */
  private async readAgain(): Promise<void> {
    const text = await readFile(this.config.API_KEYS_FILE, "utf8").catch(() => undefined);
    this.noteMissing(text === undefined);
    const isStill = text === this.seenText;
    this.seenText = text ?? this.fileText;
    if (text === undefined || text === this.fileText || !isStill) return;
    this.fileText = text;
    try {
      this.keys = [...this.fixed, ...parseKeyFile(text)];
      this.logger.info({ keys: this.keys.length }, "the key file was read again");
    } catch (error) {
      const reason = (error as Error).message;
      this.logger.error({ reason }, "the key file cannot be used; the last keys stay in force");
    }
  }

  private noteMissing(isMissing: boolean): void {
    if (isMissing && !this.isFileMissed)
      this.logger.error("the key file cannot be read; the last keys stay in force");
    this.isFileMissed = isMissing;
  }
}
