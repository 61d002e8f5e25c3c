/** The services whose images are made here. */
export const ours = ["gateway", "cache", "inference-adapter"];
