/** A start that cannot succeed; the message is all that the user needs. */
export class StartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "StartError";
  }
}
