/**
 * Gives the ISO 639-1 code of a text's language if that is none of `wanted`. Gives null for a wanted language, and where the
 * detector is not sure, as with short and formal texts.
 */
export type DetectOther = (text: string, wanted: readonly string[]) => string | null;

/** Loaded on use: the n-gram table costs 0.4 s and 90 MB, and the paper's ASCII rule needs none of it. */
export async function loadLanguageDetector(): Promise<DetectOther> {
  const { eld } = await import('eld/extrasmall');
  return (text, wanted) => {
    const found = eld.detect(text);
    // Asking how reliable a guess is costs a third of the guess, so it is asked only where a row would be lost to it.
    if (!found.language || wanted.includes(found.language)) return null;
    return found.isReliable() ? found.language : null;
  };
}
