import type { Tag } from "./tag-lexer.js";

type Element = "call" | "function" | "parameter";

const elements: Record<Tag["type"], Element> = {
  open_call: "call",
  close_call: "call",
  open_function: "function",
  close_function: "function",
  open_parameter: "parameter",
  close_parameter: "parameter",
};

/** Tags inside a value, as in a file that shows calls: what is opened there is closed there. */
export class Nesting {
  private readonly open: Element[] = [];
  private readonly counts: Record<Element, number> = { call: 0, function: 0, parameter: 0 };

  get isEmpty(): boolean {
    return this.open.length === 0;
  }

  has(element: Element): boolean {
    return this.counts[element] > 0;
  }

  /** @returns false for a closing tag that closes nothing in here */
  read(tag: Tag): boolean {
    const element = elements[tag.type];
    if (tag.type.startsWith("open")) {
      this.open.push(element);
      this.counts[element] += 1;
      return true;
    }
    if (!this.has(element)) return false;
    for (let closed: Element | undefined; closed !== element;) {
      closed = this.open.pop();
      if (closed) this.counts[closed] -= 1;
    }
    return true;
  }
}
