import { Injectable } from "@nestjs/common";
import type { Neighbour, NeighbourRequest, PathHash } from "#service-contracts/cache-store.js";
import { CatalogService } from "../index/catalog.service.js";
import { MemoryTier } from "../entries/memory-tier.js";
import { RedisAccess } from "../entries/redis-access.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { findFirstDifference } from "./find-first-difference.js";
import { RecentEntries } from "./recent-entries.js";
import { maxNeighbours, type RecentPaths } from "./recent-paths.js";
import { splitPathLines } from "./to-path-lines.js";

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
    private readonly catalog: CatalogService,
  ) {}

  async findNearest(request: NeighbourRequest): Promise<Neighbour | undefined> {
    const { tenant } = request;
    if (this.connection.state === "none") return findAmong(this.readMemory(tenant), request);
    const answer = await this.redis.attempt("list", () => findAmong(this.recent.read(tenant), request));
    return answer?.value;
  }

  /** The stored question nearest to a stored one; undefined where it is not among the tenant's most recent. */
  async explain(key: string): Promise<Neighbour | undefined> {
    const tenant = (await this.catalog.details(key))?.tenant;
    if (tenant === undefined) return undefined;
    const recent: RecentPaths[] = [];
    const batches = this.connection.state === "none" ? this.readMemory(tenant) : this.recent.read(tenant);
    await this.redis.attempt("list", async () => {
      for await (const batch of batches) recent.push(...batch);
    });
    const own = recent.find((other) => other.key === key);
    if (!own) return undefined;
    const paths = splitPathLines(own.lines).map((line) => JSON.parse(line) as PathHash);
    return nearestOf(recent, { tenant, paths, except: key });
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
  request: NeighbourRequest,
): Promise<Neighbour | undefined> {
  const deadline = performance.now() + searchTimeMs;
  let nearest: Neighbour | undefined;
  for await (const batch of batches) {
    nearest = nearestOf(batch, request, nearest);
    if (performance.now() > deadline) break;
  }
  return nearest;
}

function nearestOf(
  recent: readonly RecentPaths[],
  { paths, except }: NeighbourRequest,
  known?: Neighbour,
): Neighbour | undefined {
  const asked = paths.map((path) => JSON.stringify(path));
  let nearest = known;
  for (const { key, lines } of recent) {
    const { equalPaths, path } = findFirstDifference(asked, lines);
    if (key !== except && (!nearest || equalPaths > nearest.equal_paths))
      nearest = { key, equal_paths: equalPaths, first_difference: path };
  }
  return nearest;
}
