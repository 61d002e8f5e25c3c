import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Without a cache every question is a miss, and nothing else. */
const spared = new Set(["cache", "redis"]);
const hourMs = 3_600_000;

/**
 * All faults: `name`, `target` (no two faults of one at a time), `begin` and `end` (both may take time),
 * `breaksClients` where a client's own connection may break by it, `sparesAnswers` where none may fail by it,
 * `isDeadly` where a service loses its life, `isNeverAlone` where it matters only for what is timed meanwhile.
 */
export function listFaults(system) {
  const { processes, links, services } = system;
  return [
    ...Object.entries(processes).flatMap(([name, process]) => {
      const own = { target: name, breaksClients: name === "gateway", sparesAnswers: spared.has(name) };
      const deadly = { ...own, isDeadly: services.includes(name) };
      return [
        { name: `kill ${name}`, ...deadly, begin: () => process.kill(), end: () => process.launch() },
        { name: `stop ${name}`, ...own, begin: () => process.stop(), end: () => process.resume() },
        { name: `restart ${name}`, ...deadly, begin: () => process.end(1500), end: () => process.launch() },
      ];
    }),
    ...Object.values(links).flatMap((link) => {
      const own = {
        target: link,
        breaksClients: link.name === "gateway",
        sparesAnswers: spared.has(link.name),
        end: () => link.heal(),
      };
      const to = `the way to ${link.name}`;
      return [
        { name: `${to} is cut`, ...own, begin: () => link.cut() },
        { name: `${to} refuses`, ...own, begin: () => link.refuse() },
        { name: `${to} is slow`, ...own, breaksClients: false, begin: () => link.slow(100) },
        { name: `${to} is frozen`, ...own, begin: () => link.freeze() },
        { name: `${to} is half-open`, ...own, begin: () => link.lose() },
        { name: `${to} gives garbage`, ...own, begin: () => link.garble() },
      ];
    }),
    ...services.flatMap((name) =>
      [hourMs, -hourMs].map((offsetMs) => ({
        name: `the clock of ${name} steps by ${offsetMs / hourMs} h`,
        target: name,
        sparesAnswers: true,
        isNeverAlone: true,
        begin: () => system.setClock(name, offsetMs),
        end: () => system.setClock(name, 0),
      })),
    ),
    crowd(system),
  ];
}

/** 2,000 connections, half of them with half a request. */
function crowd({ directUrl }) {
  let sockets = [];
  return {
    name: "2,000 connections",
    target: "gateway",
    begin: async () => {
      const { port } = new URL(directUrl);
      for (let number = 0; number < 2000; number++) {
        const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
        if (number % 2)
          socket.write("POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{");
        sockets.push(socket);
        if (number % 100 === 99) await sleep(10);
      }
    },
    end: () => {
      for (const socket of sockets.splice(0)) socket.resetAndDestroy();
      sockets = [];
    },
  };
}
