/**
 * CPU in milliseconds that `work` takes of this process, at best: it is done again, three times at most, while it takes
 * `mostMs` or more, for other work of the process may fall into it. Other processes do not count.
 */
export function cpuMsOf(work: () => void, mostMs: number): number {
  let least = Infinity;
  for (let time = 0; time < 3 && least >= mostMs; time++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
