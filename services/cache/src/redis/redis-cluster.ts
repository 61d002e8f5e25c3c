import { ClientOfflineError } from "redis";
import { ClusterTable, type SlotRange } from "./cluster-table.js";
import { keySlot } from "./key-slot.js";
import { toName } from "./node-name.js";
import { parseRedirection } from "./parse-redirection.js";
import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisCommand } from "./redis-commands.js";
import { RedisNode } from "./redis-node.js";
import type { RedisEvents, RedisTarget } from "./redis-target.js";
import type { RedisOptions } from "./to-redis-options.js";

const upkeepIntervalMs = 1000;
const maxTableAgeMs = 30_000;
const minTableAgeMs = 100;

/**
 * A cluster: each master has its own session, heartbeat and circuit, so one that is away delays nobody else.
 * node-redis's own cluster client knows none of these, and does not look for the successor of a dead master
 * (https://github.com/redis/node-redis/issues/2806).
 */
export class RedisCluster implements RedisTarget {
  private readonly nodes = new Map<string, RedisNode>();
  /** The name of the master of each slot. */
  private readonly masters: string[] = [];
  private readonly stopped = new AbortController();
  private readonly table: ClusterTable;
  private upkeep: NodeJS.Timeout | undefined;
  private refreshedAt = -Infinity;
  private isRefreshing = false;
  private tableFault: string | undefined;

  constructor(
    private readonly options: RedisOptions,
    private readonly events: RedisEvents,
  ) {
    this.table = new ClusterTable(options, this.stopped.signal);
  }

  get isAnswering(): boolean {
    return this.nodes.size > 0 && [...this.nodes.values()].every((node) => node.isAnswering);
  }

  get fault(): string | undefined {
    const away = [...this.nodes].find(([, node]) => node.fault !== undefined);
    return this.tableFault ?? (away && `${away[0]}: ${away[1].fault}`);
  }

  start(): void {
    void this.refresh();
    this.upkeep = setInterval(() => {
      const ageMs = performance.now() - this.refreshedAt;
      if (ageMs > maxTableAgeMs || !this.isAnswering) void this.refresh();
    }, upkeepIntervalMs).unref();
  }

  stop(): void {
    this.stopped.abort();
    clearInterval(this.upkeep);
    for (const node of this.nodes.values()) node.stop();
    this.nodes.clear();
  }

  async send(command: RedisCommand): Promise<unknown> {
    const slot = keySlot(command.key);
    const name = this.masters[slot] ?? "";
    const node = this.nodes.get(name);
    if (!node) throw new ClientOfflineError();
    try {
      return await node.send(command);
    } catch (error) {
      const redirection = parseRedirection(error, name);
      if (!redirection || this.stopped.signal.aborted) throw error;
      const other = this.nodeAt(redirection.address);
      if (redirection.kind === "ask") return other.send({ execute: askingFirst(command) });
      this.masters[slot] = toName(redirection.address);
      if (performance.now() - this.refreshedAt > minTableAgeMs) void this.refresh();
      return other.send(command);
    }
  }

  async ping(): Promise<void> {
    if (this.nodes.size === 0) throw new ClientOfflineError();
    await Promise.all([...this.nodes.values()].map((node) => node.ping()));
  }

  private async refresh(): Promise<void> {
    if (this.isRefreshing) return;
    this.isRefreshing = true;
    try {
      const ranges = (await this.table.askNode(this.nodes)) ?? (await this.table.askSeeds());
      if (!this.stopped.signal.aborted) this.apply(ranges);
    } catch (error) {
      this.tellTableFault(error as AggregateError);
    } finally {
      this.isRefreshing = false;
    }
  }

  private tellTableFault({ errors, message }: AggregateError): void {
    if (this.stopped.signal.aborted) return;
    const isNew = message !== this.tableFault;
    this.tableFault = message;
    this.events.onFault(errors[0], message, isNew);
  }

  private apply(ranges: SlotRange[]): void {
    this.refreshedAt = performance.now();
    this.tableFault = ranges.length > 0 ? undefined : "the cluster has no slots yet";
    for (const { from, to, master } of ranges) {
      this.nodeAt(master);
      for (let slot = from; slot <= to; slot++) this.masters[slot] = toName(master);
    }
    const inUse = new Set(ranges.map(({ master }) => toName(master)));
    for (const [name, node] of this.nodes) {
      if (inUse.has(name)) continue;
      node.stop();
      this.nodes.delete(name);
    }
  }

  private nodeAt(address: RedisAddress): RedisNode {
    const name = toName(address);
    const known = this.nodes.get(name);
    if (known) return known;
    const node = new RedisNode(async () => address, this.options, this.events.forNode(name));
    this.nodes.set(name, node);
    node.start();
    return node;
  }
}

/** A slot on the move: its new master answers only who says that it was sent there. */
function askingFirst({ execute }: RedisCommand): RedisCommand["execute"] {
  return (client) => {
    client.sendCommand(["ASKING"]).catch(() => {});
    return execute(client);
  };
}
