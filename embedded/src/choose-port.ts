import { createServer } from "node:net";
import { StartError } from "./start-error.js";

interface PortWish {
  name: string;
  port: number;
  host: string;
}

/**
 * The port if it is free; 0, any free one, if it is taken and the user did not name it in `env`. The gateway's is
 * taken: it listens last. @throws StartError
 */
export async function choosePort(
  { name, port, host }: PortWish,
  env: NodeJS.ProcessEnv,
  gatewayPort: number,
): Promise<number> {
  const isNamed = Boolean(env[name]);
  const isGateways = port === gatewayPort && port !== 0;
  if (isGateways && isNamed) throw new StartError(`${name} ${port} is the gateway's port: name another one`);
  const code = isGateways ? "EADDRINUSE" : await tryPort(port, host);
  if (code === undefined) return port;
  if (code === "EADDRINUSE" && !isNamed) return 0;
  if (code === "EADDRINUSE")
    throw new StartError(`${name} ${port} is taken: name another one, or none for any free one`);
  throw new StartError(`${name}: cannot listen on ${host} port ${port}: ${code}`);
}

/** @throws StartError */
export async function checkGatewayPort(port: number, host: string): Promise<void> {
  const code = await tryPort(port, host);
  if (code === undefined) return;
  if (code === "EADDRINUSE")
    throw new StartError(`port ${port} is taken: stop what listens there or start with --port N`);
  throw new StartError(`The gateway cannot listen on ${host} port ${port}: ${code}`);
}

/** Listens for a moment; the error's code where that fails. */
function tryPort(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
