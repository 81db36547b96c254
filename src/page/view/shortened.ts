/** A text cut to so many UTF-16 units, with a mark where it was cut; no character is cut in half. */
export function shortened(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const isHalved = /[\uD800-\uDBFF]/.test(text[charsMax - 1]!);
  return `${text.slice(0, isHalved ? charsMax - 1 : charsMax).trimEnd()}…`;
}
