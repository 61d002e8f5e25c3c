import { redisClock } from "../redis/redis-clock.js";

/**
 * The index's keys change together in one script each: KEYS as in `indexParts`. Every key gets its time to live
 * anew, at least as long as any entry may live, and never a shorter one.
 */
const keepAlive = `
local function keep(ttl)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
  end
end`;

/** ARGV: ttl, key, storedAt, the entry's own ttl, facts. A new answer has not been hit. */
export const addScript = `${keepAlive}${redisClock}
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[2], now() + ARGV[4], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[5])
redis.call('HDEL', KEYS[4], ARGV[2])
redis.call('HDEL', KEYS[5], ARGV[2])
keep(ARGV[1])`;

const forget = `
local function forget(keys)
  if #keys == 0 then return end
  redis.call('ZREM', KEYS[1], unpack(keys))
  redis.call('ZREM', KEYS[2], unpack(keys))
  for part = 3, 5 do redis.call('HDEL', KEYS[part], unpack(keys)) end
end`;

/** ARGV: keys. */
export const removeScript = `${forget}
forget(ARGV)`;

/**
 * ARGV: limit. By the clock by which entries expire: nothing is forgotten that is still there. In one step, so that an
 * entry that is stored again at this moment stays.
 */
export const pruneScript = `${forget}${redisClock}
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now(), 'LIMIT', 0, ARGV[1])
forget(gone)
return #gone`;

/**
 * ARGV: ttl, then key, count, time of each. Only of entries that are still there: nobody would prune the others.
 * Where no number stands, counting begins anew: an error would keep all others from being counted.
 */
export const countScript = `${keepAlive}
for at = 2, #ARGV, 3 do
  if redis.call('ZSCORE', KEYS[1], ARGV[at]) then
    local counted = redis.pcall('HINCRBY', KEYS[4], ARGV[at], ARGV[at + 1])
    if type(counted) == 'table' then redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 1]) end
    redis.call('HSET', KEYS[5], ARGV[at], ARGV[at + 2])
  end
end
keep(ARGV[1])`;

/** Forgets what somebody else has put in the place of a key, of another kind, so that nothing could be kept there. */
export const mendScript = `
local kinds = {'zset', 'zset', 'hash', 'hash', 'hash'}
for at, key in ipairs(KEYS) do
  if redis.call('TYPE', key).ok ~= kinds[at] then redis.call('DEL', key) end
end`;
