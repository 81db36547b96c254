/** Several replies as one text, each under a rule. */
export function joinReplyTexts(texts: readonly string[]): string {
  return texts.join('\n---\n');
}

/** The first characters of a text. A pair of surrogates is never cut in two. */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax);
}
