import { Injectable } from "@nestjs/common";
import type { Neighbour, NeighbourRequest } from "#service-contracts/cache-store.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { RedisAccess } from "../entries/redis-access.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { findFirstDifference } from "./find-first-difference.js";
import { RecentEntries } from "./recent-entries.js";
import { maxNeighbours, type RecentPaths } from "./recent-paths.js";

/** Who asks why it missed may wait so long; the best until then is the answer. */
const searchTimeMs = 500;

/** Finds the stored question of a tenant that begins most like another one. */
@Injectable()
export class NeighboursService {
  constructor(
    private readonly connection: RedisConnection,
    private readonly redis: RedisAccess,
    private readonly recent: RecentEntries,
    private readonly memory: MemoryTier,
  ) {}

  async findNearest(request: NeighbourRequest): Promise<Neighbour | undefined> {
    const { tenant } = request;
    if (this.connection.state === "none") return findAmong(this.readMemory(tenant), request);
    const answer = await this.redis.attempt("list", () => findAmong(this.recent.read(tenant), request));
    return answer?.value;
  }

  private async *readMemory(tenant: string): AsyncGenerator<RecentPaths[]> {
    const recent = this.memory
      .list()
      .filter(({ facts }) => facts.tenant === tenant)
      .sort((one, other) => other.facts.storedAt - one.facts.storedAt)
      .slice(0, maxNeighbours);
    for (const { key } of recent) {
      const paths = this.memory.peek(key)?.paths;
      if (paths) yield [{ key, lines: paths.toString() }];
    }
  }
}

async function findAmong(
  batches: AsyncIterable<RecentPaths[]>,
  { paths, except }: NeighbourRequest,
): Promise<Neighbour | undefined> {
  const deadline = performance.now() + searchTimeMs;
  const asked = paths.map((path) => JSON.stringify(path));
  let nearest: Neighbour | undefined;
  for await (const batch of batches) {
    for (const { key, lines } of batch) {
      const { equalPaths, path } = findFirstDifference(asked, lines);
      if (key !== except && (!nearest || equalPaths > nearest.equal_paths))
        nearest = { key, equal_paths: equalPaths, first_difference: path };
    }
    if (performance.now() > deadline) break;
  }
  return nearest;
}
