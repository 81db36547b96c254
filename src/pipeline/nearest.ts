/** Longer names are compared by their beginning: the distance takes time by both lengths. */
const NAME_CHARS_MAX = 60;
/** So many names a message lists. */
const LISTED_MAX = 40;

/** The candidate closest to a misspelt name, or null if none is close enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  const plain = plainOf(name);
  const editsMax = Math.max(2, Math.floor(plain.length / 3));
  const ranked = candidates
    // What differs more in length is farther away.
    .filter((candidate) => Math.abs(plainOf(candidate).length - plain.length) <= editsMax)
    .map((candidate) => ({ candidate, edits: editDistance(plain, plainOf(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (best && best.edits <= editsMax) return best.candidate;
  const begun = candidates.find((candidate) => candidate.toLowerCase().startsWith(plain));
  return plain.length >= 3 && begun ? begun : null;
}

function plainOf(name: string): string {
  return name.slice(0, NAME_CHARS_MAX).toLowerCase();
}

/** The end of a message about a misspelt name: the name that was meant, or all names that are allowed. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates);
  if (meant) return `did you mean "${meant}"?`;
  if (candidates.length === 0) return 'none is allowed here';
  const more = candidates.length > LISTED_MAX ? ` and ${candidates.length - LISTED_MAX} more` : '';
  return `expected one of: ${candidates.slice(0, LISTED_MAX).join(', ')}${more}`;
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
