import { deriveUniform } from '../../../src/random.js';

const MUTATIONS_MAX = 6;
const CHARS_MAX = 2 ** 20;

/** What models, graders and templates give a meaning to. */
const TOKENS: readonly string[] = [
  ...['\\boxed{', '}', '{', '$', '\\[', '\\]', '\\(', '\\frac{', '\\text{', '\\\\', '\\', '^', '_', '|', '&'],
  ...[
    '<think>',
    '</think>',
    '<answer>',
    '</answer>',
    '[THINK]',
    '<|channel|>',
    'final',
    '<|message|>',
    '<|im_end|>',
  ],
  ...[
    'The answer is ',
    'Answer: ',
    '#### ',
    '**',
    '`',
    '```\n',
    '\n',
    ' ',
    '. ',
    'Yes',
    'No',
    'Final question: ',
  ],
  ...['\u200b', '\u202e', '中', '٣', '\ud800', '\0', '\ufeff', '½', '²', '5 cm', '1e999', '-', '±', '∞', ','],
];

/** The same text for the same seed and number, changed in one to six places; now and then it becomes long. */
export function mutateText(text: string, seed: number, at: number): string {
  let draws = 0;
  const uniform = (): number => deriveUniform(seed, 'mutate text', at, ++draws);
  const whole = (below: number): number => Math.floor(uniform() * below);
  let changed = text;
  for (let left = 1 + whole(MUTATIONS_MAX); left > 0; left--) {
    const from = whole(changed.length + 1);
    const to = Math.min(changed.length, from + whole(40));
    const [before, part, after] = [changed.slice(0, from), changed.slice(from, to), changed.slice(to)];
    const token = TOKENS[whole(TOKENS.length)]!;
    switch (whole(6)) {
      case 0:
        changed = before + token + part + after;
        break;
      case 1:
        changed = before + after;
        break;
      case 2:
        changed = before + part.repeat(1 + whole(30)) + after;
        break;
      case 3:
        changed = before + after + part;
        break;
      case 4:
        changed = before + token.repeat(1 + whole(whole(10) === 0 ? 20_000 : 20)) + after;
        break;
      default:
        changed = whole(4) === 0 ? before : changed + changed.slice(0, 200).repeat(whole(4));
    }
  }
  return changed.slice(0, CHARS_MAX);
}
