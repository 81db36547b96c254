import { type LanguageTable, ngramScores } from './languageTable.js';
import { ngramReader } from './textNgrams.js';

/**
 * Gives the ISO 639-1 code of a text's language if that is none of `wanted`. Gives null for a wanted language, and where the
 * detector is not sure, as with short and formal texts.
 */
export type DetectOther = (text: string, wanted: readonly string[]) => string | null;

let detector: DetectOther | undefined;

/** Loaded on use, and once a process: most runs keep ASCII, the paper's rule, which needs none of it. */
export async function loadLanguageDetector(): Promise<DetectOther> {
  const { languageTable } = await import('#languages');
  return (detector ??= languageDetector(languageTable));
}

/** An n-gram's share of a text where one language gains 25 by each is a half. */
const HALF_SCORE = 25;
/** Of the mean score of a language's texts. */
const RELIABLE_SHARE = 0.75;
const RELIABLE_NGRAMS_MIN = 3;

/** Decides as eld does (https://github.com/nitotm/efficient-language-detector-js), at a sixth of its time. */
export function languageDetector(table: LanguageTable): DetectOther {
  const { languages, averages } = table;
  const scores = ngramScores(table);
  const readNgrams = ngramReader(table);
  const sums = new Float64Array(languages.length);

  return (text, wanted) => {
    const ngrams = readNgrams(text);
    sums.fill(0);
    for (const ngram of ngrams) {
      const at = typeof ngram === 'number' ? scores.find(ngram) : -1;
      if (at >= 0) scores.addTo(sums, at);
    }
    const best = sums.reduce((most, sum, at) => (sum > sums[most]! ? at : most), 0);
    if (sums[best] === 0 || wanted.includes(languages[best]!)) return null;
    const mean = sums[best]! / ngrams.size;
    const isReliable =
      ngrams.size >= RELIABLE_NGRAMS_MIN && mean / (mean + HALF_SCORE) >= averages[best]! * RELIABLE_SHARE;
    return isReliable ? languages[best]! : null;
  };
}
