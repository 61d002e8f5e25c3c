export interface RedisAddress {
  host: string;
  port: number;
  isTls: boolean;
  database: number;
  username: string;
  password: string;
}

const fault = "must be like redis://user:password@host:6379/0, or rediss:// for TLS";

/** Empty is `undefined`. @throws Error that says what it may be, never the text: a password may stand in it */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  if (text === "") return undefined;
  const url = URL.parse(text);
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === "") throw new Error(fault);
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (database === undefined || url.port === "0") throw new Error(fault);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    isTls: url.protocol === "rediss:",
    database: Number(database),
    username: decode(url.username),
    password: decode(url.password),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(fault);
  }
}
