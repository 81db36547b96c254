/** Only the end of a text is looked at: about 2,000 tokens, which keeps the longest replies cheap. */
const TAIL_CHARS = 8192;

/**
 * How often a unit must stand at the end, one after the other, and over how many characters. Worked solutions do repeat
 * (`\frac{1}{2} \cdot \frac{1}{2}`, rows of a table, digits of a long number), but not for so long and not up to the end.
 */
const LOOPS = [
  { timesMin: 4, charsMin: 160 },
  { timesMin: 3, charsMin: 600 },
];

/**
 * True for a completion that has fallen into a loop: its end is one run of characters, of any length, repeated again
 * and again; the last time may be cut off. Takes time linear in the tail.
 */
export function isRepetition(text: string): boolean {
  const tail = text.slice(-TAIL_CHARS);
  const at = (index: number): number => tail.charCodeAt(tail.length - 1 - index);

  // Knuth-Morris-Pratt over the reversed text: `border[i]` is the longest border of its first i + 1 characters, so that
  // the last i + 1 characters of the text repeat every `i + 1 - border[i]` characters, and no oftener.
  const border = new Int32Array(tail.length);
  for (let i = 1, length = 0; i < tail.length; i++) {
    while (length > 0 && at(i) !== at(length)) length = border[length - 1]!;
    if (at(i) === at(length)) length++;
    border[i] = length;
    const chars = i + 1;
    const times = chars / (chars - length);
    if (LOOPS.some(({ timesMin, charsMin }) => times >= timesMin && chars >= charsMin)) return true;
  }
  return false;
}
