// One keep-alive connection that sends prepared bytes and looks at no more of an answer than it must, so that
// the load costs little beside what it measures.
import { connect } from "node:net";

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");

export class Connection {
  #socket;
  #waiting;
  #head = Buffer.alloc(0);
  #status = 0;
  #cache;
  /** Bytes of the body still to come; -1: chunked, undefined: the head is not complete. */
  #missing;
  #tail = Buffer.alloc(0);

  constructor(url) {
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () =>
      this.#fail(new Error("the connection was closed before the answer's end")),
    );
  }

  /** Sends a whole request; settles with the answer's last byte. `onBody` sees its bytes, sizes of chunks included. */
  send(request, onBody) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, onBody };
      this.#socket.write(request);
    });
  }

  close() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #read(chunk) {
    const body = this.#missing === undefined ? this.#readHead(chunk) : chunk;
    if (body === undefined) return;
    if (body.length > 0) this.#waiting?.onBody?.(body);
    if (this.#missing >= 0) this.#missing -= body.length;
    else if (body.length > 0)
      this.#tail = body.length >= 5 ? body.subarray(-5) : Buffer.concat([this.#tail, body]).subarray(-5);
    if (this.#missing === 0 || (this.#missing === -1 && this.#tail.equals(lastChunk))) this.#finish();
  }

  /** The body's bytes in it; undefined while the head goes on. */
  #readHead(chunk) {
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(headEnd);
    if (end === -1) return undefined;
    const head = this.#head.toString("latin1", 0, end);
    this.#status = Number(head.slice(9, 12));
    this.#cache = /\r\nx-cache: (\w+)/i.exec(head)?.[1];
    this.#missing = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? -1);
    return this.#head.subarray(end + 4);
  }

  #finish() {
    const { resolve } = this.#waiting;
    const answer = { status: this.#status, cache: this.#cache };
    this.#head = this.#tail = Buffer.alloc(0);
    this.#missing = this.#waiting = undefined;
    resolve(answer);
  }

  #fail(error) {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
