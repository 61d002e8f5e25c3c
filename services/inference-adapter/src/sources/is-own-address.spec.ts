import { networkInterfaces } from "node:os";
import { expect, it } from "vitest";
import { isOwnAddress } from "./is-own-address.js";

it.each(Object.values(networkInterfaces()).flatMap((own = []) => own.map(({ address }) => address)))(
  "knows this machine's %s",
  (address) => expect(isOwnAddress(address)).toBe(true),
);

it.each(["8.8.8.8", "2606:4700::1111", "127.0.0.2", ""])("knows that %j is not its own", (address) =>
  expect(isOwnAddress(address)).toBe(false),
);
