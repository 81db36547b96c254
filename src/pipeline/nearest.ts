/** The candidate closest to a misspelt name, or null if none is close enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (!best) return null;
  const close = best.edits <= Math.max(2, Math.floor(name.length / 3));
  if (close) return best.candidate;
  const begun = candidates.find((candidate) => candidate.toLowerCase().startsWith(name.toLowerCase()));
  return name.length >= 3 && begun ? begun : null;
}

/** The end of a message about a misspelt name: the name that was meant, or all names that are allowed. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates);
  if (meant) return `did you mean "${meant}"?`;
  return candidates.length > 0 ? `expected one of: ${candidates.join(', ')}` : 'none is allowed here';
}

/** Levenshtein distance with swaps of neighbours, on two rows of the table. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min(previous[j]! + 1, current[j - 1]! + 1, change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) current[j] = Math.min(current[j]!, beforePrevious[j - 2]! + 1);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
