/**
 * The ISO 639-1 code of a text's language if it is none of `wanted`; null for a wanted one, and where it cannot be told: short
 * and formal texts are a guess.
 */
export type DetectOther = (text: string, wanted: readonly string[]) => string | null;

/** Loaded on use: the n-gram table costs 0.4 s and 90 MB, and the paper's ASCII rule needs none of it. */
export async function loadLanguageDetector(): Promise<DetectOther> {
  const { eld } = await import('eld/extrasmall');
  return (text, wanted) => {
    const found = eld.detect(text);
    // Whether a guess is to be trusted costs a third of the guess: it matters only where a row would be lost to it.
    if (!found.language || wanted.includes(found.language)) return null;
    return found.isReliable() ? found.language : null;
  };
}
