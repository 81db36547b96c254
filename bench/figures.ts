/** What all benches share: numbers from the command line, and figures of several rounds. */

/** A number from the command line: `--rows=20000`. */
export function flag(name: string, fallback: number): number {
  const given = wordFlag(name);
  return given === undefined ? fallback : Number(given);
}

/** Words from the command line: `--only=build,take`. */
export function wordFlag(name: string): string | undefined {
  const start = `--${name}=`;
  return process.argv.find((word) => word.startsWith(start))?.slice(start.length);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** `0.98 (0.97-0.99)`: median and range. */
export function spread(values: readonly number[], digits = 3): string {
  const range = `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
  return `${median(values).toFixed(digits)} (${range})`;
}
