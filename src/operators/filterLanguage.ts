import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { KEEP, type Outcome, drop } from '../flow/steps/outcome.js';
import { type DetectOther, loadLanguageDetector } from '../language/detectOther.js';
import { ROWWISE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  method: z
    .enum(['ascii', 'identify', 'both'])
    .default('ascii')
    .describe(
      '`ascii` drops a question with any non-ASCII character (the paper’s rule); `identify` recognises the language; ' +
        '`both` asks for both.',
    ),
  languages: z
    .array(z.string().regex(/^[a-z]{2}$/, 'expected two-letter ISO 639-1 codes, like en'))
    .min(1)
    .default(['en'])
    .describe(
      'The languages to keep, as ISO 639-1 codes, with `identify`. A text whose language is not recognised is kept.',
    ),
});

/** Options of `filterLanguage`. */
export interface FilterLanguageOptions {
  /**
   * `ascii` drops a question with any non-ASCII character (the paper’s rule); `identify` recognises the language; `both`
   * asks for both.
   *
   * @default "ascii"
   */
  method?: 'ascii' | 'identify' | 'both';
  /**
   * The languages to keep, as ISO 639-1 codes, with `identify`. A text whose language is not recognised is kept.
   *
   * @default ["en"]
   */
  languages?: string[];
}

export const filterLanguageSpec = defineSpec({
  name: 'filterLanguage',
  summary: 'Drops questions that are not in the wanted language.',
  details:
    'The paper keeps pure ASCII. This removed 20 % of its questions, and with them every “×” and “°”. ' +
    '`identify` asks the n-gram detector eld about the raw text. A text that is too short or too formal ' +
    'to tell is kept.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: () => [],
  drops: {
    notAscii: 'the question has a character outside ASCII',
    otherLanguage: 'the question is recognised as another language',
  },
  contract: {
    ...ROWWISE,
    emits:
      'each batch, in order, at once; with `identify` and `both` the first ones when the detector is loaded',
    onCancel: 'drops what it holds',
  },
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- filterLanguage: { method: both }`,
  operator: filterLanguage,
});

/**
 * Drops questions that are not in a wanted language.
 *
 * Reads `question`; drops as `notAscii` or `otherLanguage`. The default, pure ASCII, is the rule of ScaleQuest (arXiv
 * 2410.18693).
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(filterLanguage({ method: 'identify', languages: ['en', 'de'] }, context));
 */
export function filterLanguage(
  input: FilterLanguageOptions,
  context: RunContext,
): BatchOperator<{ question: string }, NoColumns> {
  const parsed = parseOptions('filterLanguage', options, input);
  const { method, languages } = parsed;
  const shape = shapeOf(filterLanguageSpec, parsed, context);

  let detector: DetectOther | null = null;
  async function decideFirst(question: string): Promise<Outcome<object>> {
    detector ??= await loadLanguageDetector();
    return decideBy(detector(question, languages));
  }

  return mapRows(shape, ({ question }) => {
    if (method !== 'identify' && !isAscii(question)) return NOT_ASCII;
    if (method === 'ascii') return KEEP;
    return detector ? decideBy(detector(question, languages)) : decideFirst(question);
  });
}

const NOT_ASCII = drop('notAscii');

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}

/** `found`: see `DetectOther`. */
function decideBy(found: string | null): Outcome<object> {
  return found === null ? KEEP : drop('otherLanguage', `recognised as ${found}`);
}
