/** `--port -1` as one argument: parseArgs would take the -1 for an option, and not say what is wrong with it. */
export function joinPort(args: string[]): string[] {
  const at = args.indexOf("--port");
  const value = args[at + 1];
  if (at < 0 || value === undefined || !/^-\d/.test(value)) return args;
  return args.toSpliced(at, 2, `--port=${value}`);
}
