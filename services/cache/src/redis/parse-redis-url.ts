export interface RedisAddress {
  host: string;
  port: number;
}

export interface RedisUrl {
  topology: "single" | "sentinel" | "cluster";
  /** The one Redis, the sentinels, or the nodes of a cluster to begin with. */
  addresses: [RedisAddress, ...RedisAddress[]];
  /** What the sentinels call the master; empty where there are none. */
  masterName: string;
  isTls: boolean;
  database: number;
  username: string;
  password: string;
}

const fault =
  "must be like redis://user:password@host:6379/0, redis-cluster://host:6379,host:6379 or " +
  "redis-sentinel://host:26379,host:26379/mymaster/0, with rediss for TLS";

const form = /^(rediss?)(?:[-+](cluster|sentinel))?:\/\/(?:([^/?#]*)@)?([^@/?#]+)([^?#]*)/;
const paths = {
  single: /^\/?(?<database>\d{0,4})$/,
  sentinel: /^\/(?<masterName>[^/]+)\/?(?<database>\d{0,4})$/,
  /** A cluster has database 0 only. */
  cluster: /^\/?(?<database>0?)$/,
};

/** Empty is `undefined`. @throws Error that says what it may be, never the text: a password may stand in it */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  if (text === "") return undefined;
  const [, scheme, kind, credentials = "", hosts = "", path = ""] = form.exec(text) ?? [];
  const topology = (kind ?? "single") as RedisUrl["topology"];
  const named = paths[topology].exec(path)?.groups;
  if (!scheme || !named) throw new Error(fault);
  const [username = "", ...password] = credentials.split(":");
  return {
    topology,
    addresses: parseAddresses(hosts, topology),
    masterName: decode(named["masterName"] ?? ""),
    isTls: scheme === "rediss",
    database: Number(named["database"]),
    username: decode(username),
    password: decode(password.join(":")),
  };
}

function parseAddresses(hosts: string, topology: RedisUrl["topology"]): RedisUrl["addresses"] {
  const defaultPort = topology === "sentinel" ? 26379 : 6379;
  const [first, ...others] = hosts.split(",").map((host) => parseAddress(host, defaultPort));
  if (!first || (topology === "single" && others.length > 0)) throw new Error(fault);
  return [first, ...others];
}

function parseAddress(text: string, defaultPort: number): RedisAddress {
  const url = URL.parse(`redis://${text}`);
  if (!url || url.hostname === "" || url.port === "0") throw new Error(fault);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || defaultPort) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(fault);
  }
}
