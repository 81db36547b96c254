/**
 * Keeps so many of the things that it is given, drawn by a hash of each one's number: the same for the same numbers, in whatever
 * pieces they come, and spread over all. Holds no more than it keeps.
 */
export interface FewRows<Row> {
  add(row: Row, hash: number): void;
  /** Those that were kept, by their hashes, the smallest first. */
  take(): readonly Row[];
}

export function fewRows<Row>(rowsMax: number): FewRows<Row> {
  const kept: { row: Row; hash: number }[] = [];
  return {
    add(row, hash) {
      if (kept.length >= rowsMax && hash >= kept.at(-1)!.hash) return;
      const at = placeOf(hash);
      kept.splice(at, 0, { row, hash });
      if (kept.length > rowsMax) kept.pop();
    },
    take: () => kept.map(({ row }) => row),
  };

  function placeOf(hash: number): number {
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (kept[middle]!.hash <= hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
