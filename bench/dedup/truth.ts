import { words } from '../../src/operators/lib/words.js';

/**
 * Which texts have an earlier one, that has none itself, with a Jaccard similarity of at least `threshold` between their sets of word
 * 3-grams: exactly, on the 3-grams as strings, and by other code than the operator's. It needs all texts beforehand: a text is looked
 * for under its rarest 3-grams, as many as leave none out.
 */
export function exactNearDuplicates(texts: readonly string[], threshold: number): boolean[] {
  const sets = texts.map((text) => shingleSet(words(text)));
  const frequency = new Map<string, number>();
  for (const set of sets)
    for (const shingle of set) frequency.set(shingle, (frequency.get(shingle) ?? 0) + 1);
  const rowsOf = new Map<string, number[]>();
  return sets.map((set, row) => {
    const rarestFirst = [...set].sort(
      (a, b) => frequency.get(a)! - frequency.get(b)! || (a < b ? -1 : Number(a > b)),
    );
    const prefix = rarestFirst.slice(0, set.size - Math.ceil(threshold * set.size - 1e-9) + 1);
    const candidates = new Set(prefix.flatMap((shingle) => rowsOf.get(shingle) ?? []));
    if ([...candidates].some((other) => jaccard(set, sets[other]!) >= threshold)) return true;
    for (const shingle of prefix) {
      const rows = rowsOf.get(shingle);
      if (rows) rows.push(row);
      else rowsOf.set(shingle, [row]);
    }
    return false;
  });
}

/** A text of fewer than three words is one 3-gram. */
export function shingleSet(tokens: readonly string[]): Set<string> {
  const count = Math.max(1, tokens.length - 2);
  return new Set(Array.from({ length: count }, (_, at) => tokens.slice(at, at + 3).join(' ')));
}

export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const shingle of a) if (b.has(shingle)) shared += 1;
  return shared / (a.size + b.size - shared);
}
