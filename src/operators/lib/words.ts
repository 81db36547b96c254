/** In order: one Han or Kana character, a word, a number, the sign of a factorial, and signs that change what is asked. */
const TOKEN = new RegExp(
  [
    String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`,
    String.raw`[\p{L}\p{M}]+`,
    String.raw`\p{N}+(?:[.,]\p{N}+)*`,
    String.raw`(?<=[\p{N})])!`,
    String.raw`[-*\/^%°()[\]{}\p{Sm}\p{Sc}]`,
  ].join('|'),
  'gu',
);

/** Words, numbers, and signs (operators, brackets, currencies, degrees), in one case and one form of each character. */
export function words(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(TOKEN) ?? [];
}
