/**
 * Anthropic's words. Claude Code then takes the image out of the conversation and goes on; after any other words it
 * sends the image again with every turn, and the session is lost.
 */
export const imageFault = "Could not process image";
