/** For scripts: `now()`, milliseconds by Redis' own clock, which is one for all services. */
export const redisClock = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`;
