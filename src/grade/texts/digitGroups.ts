/** Digits in groups and digits that repeat, as countries write them, brought to one writing. Every pattern is linear. */

/** [pattern, replacement], applied in order. */
export const DIGIT_GROUPS: readonly [RegExp, string | ((found: string) => string)][] = [
  // Swiss `1'234'567`, German `1.234.567` (two groups at least: `1.234` is a decimal), and `1_000_000` of programs.
  [/(?<![\d.,'\w}])\d{1,3}(?:'\d{3})+(?![\d'])/g, (found) => found.replaceAll("'", '')],
  [/(?<![\d.,\w}])\d{1,3}(?:\.\d{3}){2,20}(?![\d.,])/g, (found) => found.replaceAll('.', '')],
  [/(?<![\d.,\w}])\d{1,3}(?:_\d{3})+(?![\d_{])/g, (found) => found.replaceAll('_', '')],
  // `0.1(6)` and `0.\dot{1}4\dot{2}`.
  [/^([-+]?\d{0,40}\.\d{0,40})\((\d{1,40})\)(?:\.\.\.|\\l?dots)?$/, '$1\\overline{$2}'],
  [
    /(?<=\d\.\d{0,40})\\dot ?(?:\{\d\}|\d)\d{0,40}\\dot ?(?:\{\d\}|\d)/g,
    (found) => `\\overline{${found.replace(/\D/g, '')}}`,
  ],
  [/(?<=\d\.\d{0,40})\\(dot|overline|bar) ?(\d)(?!\d)/g, '\\$1{$2}'],
];
