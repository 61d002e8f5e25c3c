// The container's health check: the process answers on its port. Slim images have no curl.
const url = `http://127.0.0.1:${process.argv[2]}/health/live`;
const isLive = await fetch(url, { signal: AbortSignal.timeout(2500) }).then(
  (answer) => answer.ok,
  () => false,
);
process.exit(isLive ? 0 : 1);
