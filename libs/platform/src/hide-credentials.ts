/** A URL as it may be shown: without the name and the password that stand in it. */
export function hideCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//");
}
