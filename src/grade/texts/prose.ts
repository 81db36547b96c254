import { digitsOfWords } from './numberWords.js';

/** What is said around an answer in English, and signs that are said in words, brought to maths. Every pattern is linear. */

const NUMBER = String.raw`[-+]?(?:\\\$|\\dollar )?\d[\d,.]{0,30}`;
const VALUE = String.raw`(?:${NUMBER}|\\(?:frac|sqrt)[^ ]{1,60}|-?\\infty)`;

const EXCEPT = '(?:except|excluding|other than|besides)(?: for)?';
const WHERE = '(?:where|with|for(?: any| some)?)';
const IS_CONSTANT =
  String.raw`(?:\\text\{ ?)?(?:is|being) (?:an? |the )?(?:arbitrary |any |real )*` +
  '(?:constant|number)s?(?: of integration)?';

/** [pattern, replacement], applied in order. */
const SAID: readonly [RegExp, string][] = [
  [/^(?:(?:the )?(?:final |correct )?(?:answer|option|choice)(?: is|:)) ?(?=\S)/i, ''],
  [
    /^(?:(?:is|it is|it's) )?(?:approximately|about|around|roughly|exactly|precisely|approx\.?) (?=[-+\\\d.(])/i,
    '',
  ],
  [/^(\(?[A-J]\)?) is (?:the )?(?:correct |right |final )?(?:answer|option|choice|correct)$/, '$1'],
  [/(?<=[\d)}%]) ?(?:\((?:approx(?:\.|imately)?|exactly|rounded)\)|approx(?:\.|imately)?)$/i, ''],
  // `It is 4`, `The area is 12 cm^2`
  [
    /^(?:it|this|that|(?:the|its|their) [a-z][a-z\d -]{0,40}?) (?:is|equals|are)(?: equal to)? (?=[-+\\\d.])/i,
    '',
  ],
  [/^([A-Za-z]) (?:equals|is equal to|is) (?=[-+\\\d.])/, '$1 = '],
  [/^(?:plus or minus|plus\/minus) (?=[\d\\])/i, '\\pm '],
  [/^both (?=.{1,40} and )/i, ''],
  [/^(?:a |one[- ])?half$/i, '\\frac{1}{2}'],
  [/^(?:an?|one) dozen\b ?/i, '12 '],
  [/^(\d{1,6}) dozen\b ?/i, '12 \\cdot $1 '],
  // Ratios and parts.
  [new RegExp(`^(\\d{1,9}(?:\\.\\d{1,9})?) to (\\d{1,9}(?:\\.\\d{1,9})?)$`), '$1:$2'],
  [/^(\d{1,9}) (?:out of(?: every)?|in(?: every)?) (\d{1,9})$/, '\\frac{$1}{$2}'],
  // Conditions.
  [/\b(?:is |must be )?(?:greater than or equal to|no less than|not less than) ?(?=[-\d\\])/gi, '\\ge '],
  [/\b(?:is |must be )?(?:less than or equal to|no (?:more|greater) than) ?(?=[-\d\\])/gi, '\\le '],
  [/\b(?:is |must be )?(?:strictly )?(?:greater|larger|more) than ?(?=[-\d\\])/gi, '> '],
  [/\b(?:is |must be )?(?:strictly )?(?:less|smaller|fewer) than ?(?=[-\d\\])/gi, '< '],
  [/\b(?:is |must be )?at least ?(?=[-\d\\])/gi, '\\ge '],
  [/\b(?:is |must be )?at most ?(?=[-\d\\])/gi, '\\le '],
  [new RegExp(`^\\\\ge (${VALUE})$|^(${VALUE}) or (?:more|greater)$`), '[$1$2,\\infty)'],
  [new RegExp(`^\\\\le (${VALUE})$|^(${VALUE}) or (?:less|fewer)$`), '(-\\infty,$1$2]'],
  [new RegExp(`^> (${VALUE})$`), '($1,\\infty)'],
  [new RegExp(`^< (${VALUE})$`), '(-\\infty,$1)'],
  [new RegExp(`^(?:[a-z] (?:is|lies) )?between (${VALUE}) and (${VALUE}),? inclusive$`, 'i'), '[$1,$2]'],
  [new RegExp(`^(?:[a-z] (?:is|lies) )?between (${VALUE}) and (${VALUE})$`, 'i'), '($1,$2)'],
  [
    new RegExp(
      String.raw`^(?:all |any )?reals?(?: numbers?)?(?: [a-z])?,? ${EXCEPT} (?:[a-z] ?= ?)?([-\d\\][^A-Za-z]{0,40})$`,
      'i',
    ),
    '\\reals \\setminus \\{$1\\}',
  ],
  // Changes of so many percent.
  [
    /^(?:an? |the )?(increase|decrease|profit|loss|gain|discount)(?:d)? (?:of|by) (\d[\d.]{0,12}) ?(?:\\?%|percent)$/i,
    '$2 % $1',
  ],
  [/^(increas|decreas)ed? by (\d[\d.]{0,12}) ?(?:\\?%|percent)$/i, '$2 % $1e'],
  [/^\((\d[\d.]{0,12}) ?%\) (increase|decrease|profit|loss|gain|discount)$/i, '$1 % $2'],
  // A digit that goes on.
  [/^([-+]?\d{0,20}\.\d{0,20}?)(\d{1,20}) \(?(?:repeating|recurring)\)?$/, '$1\\overline{$2}'],
  [/^(\d{1,9}) and (\d{1,9} ?\/ ?\d{1,9}|\\frac ?\{\d{1,9}\} ?\{\d{1,9}\})$/, '$1 $2'],
  // `+ constant`, and what a constant is.
  [/\+ ?(?:\\text\{ ?)?(?:an? )?(?:arbitrary )?const(?:ant)?(?: of integration)?\.?(?: ?\})?$/i, '+ C'],
  [
    new RegExp(
      String.raw`,? ?\(?(?:\\text\{ ?)?,? ?${WHERE} ?(?:\})? ?[CcKk](?:_\d)? ?(?:\\in ?\\reals ?|${IS_CONSTANT})(?: ?\})?\)?$`,
    ),
    '',
  ],
  [/,? ?\(? ?[CcKk](?:_\d)? ?\\in ?\\reals ?\)?$/, ''],
  // The hours of a day.
  [/^(\d{1,2})\.(\d{2}) ?(?=[ap]\.?m\b)/i, '$1:$2 '],
  [/^(\d{1,2}) ?(?:\\text\{ ?)?([ap])\.?m\.?(?: ?\})?$/i, '$1:00 $2m'],
  [/^(?:the )?year (?=\d{4}$)/i, ''],
];

export function withoutProse(text: string): string {
  const plain = SAID.reduce((said, [pattern, replacement]) => said.replace(pattern, replacement), text);
  return withoutTwice(plain).trim();
}

/** `five (5)` and `5 (five)` say one number twice. */
function withoutTwice(text: string): string {
  const found = /^([A-Za-z\d][A-Za-z\d -]{0,60}) \(([A-Za-z\d][A-Za-z\d -]{0,60})\)$/.exec(text);
  if (!found) return text;
  const [first, second] = [found[1]!, found[2]!].map((part) => digitsOfWords(part.toLowerCase()) ?? part) as [
    string,
    string,
  ];
  return first === second && /^\d+$/.test(first) ? first : text;
}
