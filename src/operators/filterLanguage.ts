import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { KEEP, type Outcome, drop } from '../flow/outcome.js';
import { type DetectOther, loadLanguageDetector } from './lib/language.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

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
      'With `identify`: languages kept, as ISO 639-1 codes. A text of no known language counts as kept.',
    ),
});

export type FilterLanguageOptions = z.input<typeof options>;

export const filterLanguageSpec: OperatorSpec<typeof options> = {
  name: 'filterLanguage',
  summary: 'Drops questions that are not in the wanted language.',
  details:
    'The paper keeps pure ASCII, which removed 20 % of its questions, and with them every “×” and “°”. `identify` asks ' +
    'the n-gram detector eld on the raw text; a text too short or too formal to tell is kept.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: () => [],
  drops: {
    notAscii: 'the question has a character outside ASCII',
    otherLanguage: 'the question is recognised as another language',
  },
  contract: IMMEDIATE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- filterLanguage: { method: both }`,
  operator: filterLanguage,
};

export function filterLanguage(input: FilterLanguageOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { method, languages } = parsed;
  let loading: Promise<DetectOther> | null = null;
  let detector: DetectOther | null = null;

  function decideBy(detect: DetectOther, text: string): Outcome {
    const found = detect(text, languages);
    return found === null ? KEEP : drop('otherLanguage', `recognised as ${found}`);
  }

  return mapRows(shapeOf(filterLanguageSpec, parsed, context), ({ question }): Outcome | Promise<Outcome> => {
    const text = question as string;
    if (method !== 'identify' && /[^\x00-\x7f]/.test(text)) return drop('notAscii');
    if (method === 'ascii') return KEEP;
    if (detector) return decideBy(detector, text);
    loading ??= loadLanguageDetector();
    return loading.then((loaded) => decideBy((detector = loaded), text));
  });
}
