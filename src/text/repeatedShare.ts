/**
 * The share of a text's characters that stand in n-grams of words which came before in it, 0 to 1; an n-gram that is counted is not
 * counted again where it overlaps. Source: the filter of repeated n-grams of Gopher (arXiv 2112.11446, appendix A.1.1), as datatrove reads
 * it; white space counts for nothing here. Linear in the text.
 */
export function repeatedShare(words: readonly string[], size: number): number {
  const ids = idsOf(words);
  const seen = new Set<string>();
  let repeated = 0;
  for (let at = 0; at + size <= words.length;) {
    const key = ids.slice(at, at + size).join(' ');
    if (seen.has(key)) {
      for (let word = at; word < at + size; word++) repeated += words[word]!.length;
      at += size;
    } else {
      seen.add(key);
      at += 1;
    }
  }
  const chars = words.reduce((sum, word) => sum + word.length, 0);
  return chars === 0 ? 0 : repeated / chars;
}

/** A number for each word, the same for the same: n-grams of long words are then as short as others. */
function idsOf(words: readonly string[]): number[] {
  const known = new Map<string, number>();
  return words.map((word) => {
    const id = known.get(word) ?? known.size;
    known.set(word, id);
    return id;
  });
}
