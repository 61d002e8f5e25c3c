/** What keeps a command from being done; the message is all that the user needs. */
export class StartFault extends Error {}
