/** Runs one write after the other, in the order of the calls. A failed one does not stop the next. */
export type WriteQueue = <T>(write: () => Promise<T>) => Promise<T>;

export function createWriteQueue(): WriteQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (write) => {
    const written = last.then(write);
    last = written.catch(() => {});
    return written;
  };
}
