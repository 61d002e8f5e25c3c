/** A text that grows → its JSON string without the quotes, piece by piece. */
export class StringDraft {
  private written = 0;
  private held = "";

  /** Half a character waits for its other half. */
  add(text: string): string {
    const whole = this.held + text;
    const end = isHighSurrogate(whole.charCodeAt(whole.length - 1)) ? whole.length - 1 : whole.length;
    this.held = whole.slice(end);
    return this.write(whole.slice(0, end));
  }

  /** What the whole text has beyond all that was added. */
  rest(whole: string): string {
    return toBody(whole).slice(this.written);
  }

  private write(text: string): string {
    const body = toBody(text);
    this.written += body.length;
    return body;
  }
}

const toBody = (text: string): string => JSON.stringify(text).slice(1, -1);
const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
