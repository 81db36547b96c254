import { wordsOf } from '../texts/cleanText.js';
import type { Expression } from './expression.js';

/** Word answers that are known by several names, in several languages. Every pattern is linear. */

const EMPTY: Expression = { kind: 'set', items: [] };
const word = (text: string): Expression => ({ kind: 'text', text });

const THERE = String.raw`(?:there (?:is|are|exists?) |(?:(?:the|this) )?(?:(?:equation|system|inequality|problem) )?has )?`;
const NONE = String.raw`no (?:such )?(?:real |integer |positive )?(?:solutions?|roots?|answers?|values?|numbers?|integers?)(?: exists?)?`;

const WHAT = '(?:(?:the )?(?:limit|value|integral|derivative|expression|function|it) (?:is |does ))';
const IT_IS = '(?:(?:that|this|it) is )?';
const YES = '是的?|正确|对|да|верно|oui|vrai|sí|verdadero|ja|wahr|sim|verdadeiro|vero|はい|예';
const NO = '否|不是|错误|错|нет|неверно|non|faux|falso|nein|falsch|não|いいえ|아니요';
const ALL_REALS = '(?:the set of )?(?:all )?(?:the )?(?:real numbers?|reals?)|全体实数|实数集';

/** Patterns for whole answers without punctuation, in lower case. */
const KNOWN_WORDS: readonly [RegExp, Expression][] = [
  [
    new RegExp(
      `^${THERE}(?:${NONE}|none|(?:the )?(?:empty|null) set|no such .{1,30}|inconsistent|unsolvable)$`,
    ),
    EMPTY,
  ],
  [/^(?:(?:方程)?(?:组)?无(?:实数?)?解|空集|解なし|해(?:가|는)? 없(?:다|음|습니다))$/, EMPTY],
  [/^(?:нет (?:решений|корней)|решений нет|пустое множество)$/, EMPTY],
  [/^(?:(?:pas|aucune) de solutions?|aucune solution|(?:l )?ensemble vide)$/, EMPTY],
  [/^(?:(?:no tiene|no hay|sin) solución|(?:el )?conjunto vacío)$/, EMPTY],
  [/^(?:(?:es gibt )?keine lösung(?:en)?|(?:die )?leere menge)$/, EMPTY],
  [
    /^(?:(?:sem|não há|não tem) solução|(?:o )?conjunto vazio|nessuna soluzione|(?:l )?insieme vuoto)$/,
    EMPTY,
  ],
  [
    new RegExp(`^${WHAT}?(?:dne|(?:does )?not exist|undefined|not defined|doesn['’]?t exist)$`),
    word('does not exist'),
  ],
  [
    /^(?:不存在|не существует|n existe pas|no existe|existiert nicht|não existe|non esiste)$/,
    word('does not exist'),
  ],
  [
    new RegExp(
      `^${THERE}(?:an? )?(?:infinitely many|infinite)(?: (?:real )?solutions?|(?: number of| many) solutions)?$`,
    ),
    word('infinitely many'),
  ],
  [/^(?:(?:有)?无(?:穷|数)(?:多)?(?:个|组)?解|бесконечно много(?: решений)?)$/, word('infinitely many')],
  [new RegExp(`^(?:yes|${IT_IS}(?:true|correct)|${YES})$`), word('yes')],
  [new RegExp(`^(?:no|false|${IT_IS}(?:false|incorrect|not true|not correct)|${NO})$`), word('no')],
  [
    new RegExp(
      `^(?:${ALL_REALS}|all real (?:numbers?|values)(?: (?:of )?[a-z])?|(?:[a-z] is )?any real number)$`,
    ),
    { kind: 'reals' },
  ],
  [
    /^(?:(?:the )?(?:\w{1,12} )?(?:series|integral|sequence) )?(?:is )?(?:converges|convergent)$/,
    word('converges'),
  ],
  [
    /^(?:(?:the )?(?:\w{1,12} )?(?:series|integral|sequence) )?(?:is )?(?:diverges|divergent)$/,
    word('diverges'),
  ],
  [/^(?:(?:it )?is )?(?:impossible|not possible)$/, word('impossible')],
  [/^(?:(?:diverges|goes|tends) to )?(?:positive )?infinity$/, { kind: 'constant', name: 'infinity' }],
  [
    /^(?:diverges to |goes to |tends to )?negative infinity$/,
    { kind: 'negative', of: { kind: 'constant', name: 'infinity' } },
  ],
  ...weekdays(),
  [/^(?:quadrant (?:i|1|one)|(?:the )?(?:first|1st) quadrant)$/, word('quadrant 1')],
  [/^(?:quadrant (?:ii|2|two)|(?:the )?(?:second|2nd) quadrant)$/, word('quadrant 2')],
  [/^(?:quadrant (?:iii|3|three)|(?:the )?(?:third|3rd) quadrant)$/, word('quadrant 3')],
  [/^(?:quadrant (?:iv|4|four)|(?:the )?(?:fourth|4th) quadrant)$/, word('quadrant 4')],
];

function weekdays(): [RegExp, Expression][] {
  const names = ['mon', 'tues?', 'wed(?:nes)?', 'thu(?:rs?)?', 'fri', 'sat(?:ur)?', 'sun'];
  return names.map((name, at) => [
    new RegExp(`^(?:on |a |it is )?${name}(?:day)?$`),
    word(`weekday ${at + 1}`),
  ]);
}

const WORDS_MAX_CHARS = 80;

/** What such an answer says; null for any other. */
export function knownWords(text: string): Expression | null {
  if (text.length > WORDS_MAX_CHARS) return null;
  // `No, it does not.`
  const words = wordsOf(text.replace(/^(yes|no), ?(?=[a-z]).*$/i, '$1'));
  return KNOWN_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}
