import type { RedisClientType } from "redis";
import { askRedis } from "./ask-redis.js";
import { describeRedisError } from "./describe-redis-error.js";
import { explainConnectError } from "./explain-connect-error.js";
import { hostOf, toName } from "./node-name.js";
import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisNode } from "./redis-node.js";
import type { RedisOptions } from "./to-redis-options.js";

export interface SlotRange {
  from: number;
  to: number;
  master: RedisAddress;
}

const question = (client: RedisClientType) => client.clusterSlots();

/** Asks which master has which slots. */
export class ClusterTable {
  /** The last error of an address as it came, and in words: one that repeats is not looked into again. */
  private readonly explained = new Map<string, { text: string; reason: string }>();

  constructor(
    private readonly options: RedisOptions,
    private readonly signal: AbortSignal,
  ) {}

  /** Asks a connected node, a different one each time: one that was cut off may be wrong. */
  async askNode(nodes: Iterable<[string, RedisNode]>): Promise<SlotRange[] | undefined> {
    const connected = [...nodes].filter(([, node]) => node.isAnswering);
    const [name, node] = connected[Math.floor(Math.random() * connected.length)] ?? [];
    if (!name || !node) return undefined;
    const answer = node.send({ execute: question }) as ReturnType<typeof question>;
    return answer.then((ranges) => toSlotRanges(ranges, hostOf(name))).catch(() => undefined);
  }

  /** Asks the configured addresses in turn. @throws AggregateError whose message has a reason for each */
  async askSeeds(): Promise<SlotRange[]> {
    const errors: unknown[] = [];
    const reasons: string[] = [];
    for (const seed of this.options.addresses)
      try {
        const ranges = await askRedis(seed, this.options, question, this.signal);
        this.explained.clear();
        return toSlotRanges(ranges, seed.host);
      } catch (error) {
        errors.push(error);
        reasons.push(await this.explain(error, seed));
      }
    throw new AggregateError(errors, reasons.join("; "));
  }

  private async explain(error: unknown, seed: RedisAddress): Promise<string> {
    const name = toName(seed);
    const text = describeRedisError(error, this.options.password);
    const known = this.explained.get(name);
    if (known?.text === text) return known.reason;
    const reason = `${name}: ${await explainConnectError(error, seed, this.options)}`;
    this.explained.set(name, { text, reason });
    return reason;
  }
}

/** A node that does not know its own address leaves the host empty: it is the one that was asked. */
function toSlotRanges(ranges: Awaited<ReturnType<typeof question>>, askedHost: string): SlotRange[] {
  return ranges.map(({ from, to, master }) => {
    return { from, to, master: { host: master.ip || askedHost, port: master.port } };
  });
}
