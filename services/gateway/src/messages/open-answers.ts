import { Injectable } from "@nestjs/common";

/** One of the answers that are being read. */
export interface OpenAnswer {
  /** No other of its generation is being read here. */
  readonly isOnly: boolean;
  /** It is not read any more. */
  close: () => void;
}

/** The answers that are being read for clients or to be recorded, by the generation that they share. */
@Injectable()
export class OpenAnswers {
  private readonly counts = new Map<string, number>();

  /** `generation`: undefined for one that is nobody else's. */
  open(generation: string | undefined): OpenAnswer {
    if (generation === undefined) return { isOnly: true, close: () => {} };
    const { counts } = this;
    const add = (change: number) => {
      const count = (counts.get(generation) ?? 0) + change;
      if (count > 0) counts.set(generation, count);
      else counts.delete(generation);
    };
    let isOpen = true;
    add(1);
    return {
      get isOnly() {
        return counts.get(generation) === 1;
      },
      close: () => {
        if (isOpen) add(-1);
        isOpen = false;
      },
    };
  }
}
