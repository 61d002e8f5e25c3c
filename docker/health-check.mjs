// The container's health check: the process answers on its port, which stands in a variable, or is the usual one.
// Slim images have no curl.
const [variable, usualPort] = process.argv.slice(2);
const url = `http://127.0.0.1:${process.env[variable] || usualPort}/health/live`;
const isLive = await fetch(url, { signal: AbortSignal.timeout(2500) }).then(
  (answer) => answer.ok,
  () => false,
);
process.exit(isLive ? 0 : 1);
