import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * A TCP connection between two parts that can be cut, slowed, frozen, lost or answered with garbage.
 * `lose` is what a host that lost power leaves behind: the near side hears nothing of it, until it sends once more
 * after the fault's end and is reset.
 */
export class FaultyLink {
  #pairs = new Set();
  #mode = "well";
  #delayMs = 0;
  /** Sockets of which a chunk is held back, and those that have ended behind it. */
  #held = new WeakSet();
  #ended = new WeakSet();

  constructor(name, targetPort) {
    Object.assign(this, { name, targetPort });
    this.server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
  }

  async listen() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
  }

  get openConnections() {
    return this.#pairs.size;
  }

  heal() {
    this.#mode = "well";
    this.#delayMs = 0;
    for (const pair of this.#pairs) {
      if (pair.isLost && pair.hasSent) pair.near.resetAndDestroy();
      this.#goOn(pair.near);
      if (!pair.isLost) this.#goOn(pair.far);
    }
  }
  cut() {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }
  refuse() {
    this.#mode = "refuse";
    this.cut();
  }
  garble() {
    this.#mode = "garbage";
    this.cut();
  }
  slow(delayMs) {
    this.#delayMs = delayMs;
  }
  /** Nothing passes; everything does at the end. */
  freeze() {
    this.#mode = "freeze";
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }
  lose() {
    this.#mode = "lose";
    for (const pair of this.#pairs) this.#losePair(pair);
  }

  async close() {
    this.server.close();
    this.cut();
  }

  #losePair(pair) {
    pair.isLost = true;
    pair.far.resetAndDestroy();
  }

  #accept(near) {
    near.on("error", () => {});
    if (this.#mode === "refuse") return near.resetAndDestroy();
    if (this.#mode === "garbage") return near.once("data", () => near.end(randomBytes(300)));
    const far = connect({ port: this.targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const pair = { near, far, isLost: false, hasSent: false };
    this.#pairs.add(pair);
    far.on("error", () => {
      if (!pair.isLost) near.resetAndDestroy();
    });
    far.once("close", () => {
      if (!pair.isLost) near.destroy();
    });
    near.once("close", () => {
      this.#pairs.delete(pair);
      far.destroy();
    });
    near.on("data", (chunk) => {
      if (!pair.isLost) return this.#pass(near, far, chunk);
      pair.hasSent = true;
      if (this.#mode !== "lose") near.resetAndDestroy();
    });
    far.on("data", (chunk) => this.#pass(far, near, chunk));
    near.once("end", () => this.#end(near, far));
    far.once("end", () => this.#end(far, near));
    if (this.#mode === "lose") this.#losePair(pair);
    if (this.#mode === "freeze") {
      near.pause();
      far.pause();
    }
  }

  #pass(from, to, chunk) {
    if (this.#delayMs === 0) {
      if (to.write(chunk)) return;
      from.pause();
      to.once("drain", () => this.#goOn(from));
      return;
    }
    from.pause();
    this.#held.add(from);
    setTimeout(() => {
      to.write(chunk);
      this.#held.delete(from);
      if (this.#ended.has(from)) to.end();
      else this.#goOn(from);
    }, this.#delayMs);
  }

  /** A paused socket ends all the same where nothing is left to be read. */
  #end(from, to) {
    if (this.#held.has(from)) this.#ended.add(from);
    else to.end();
  }

  /** Not past a chunk that is still held back. */
  #goOn(from) {
    if (this.#mode !== "freeze" && !this.#held.has(from)) from.resume();
  }
}
