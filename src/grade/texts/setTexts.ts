/** Sets that say which numbers they hold, brought to a condition or to a value for each whole number. Every pattern is linear. */

const INTEGERS = String.raw`(?:\\(?:integers|naturals)(?: ?[_^] ?(?:\+|\{\+\}))?|\\text ?\{ ?[ZN] ?\}|[ZN](?![A-Za-z]))`;
const BAR = String.raw`(?:\\mid(?![A-Za-z])|\||:)`;

/** `\{x \in \mathbb{R} \mid …\}` and `\{x : …\}`. */
const CONDITIONED = new RegExp(String.raw`\\\{ ?([a-z]) ?(?:\\in ?\\reals ?)?${BAR} ?`, 'g');
const OF_INTEGERS = new RegExp(String.raw`^\\\{ ?([a-z]) ?\\in ?(${INTEGERS}) ?${BAR} ?(.{1,200})\\\}$`);
/** `\{x \mid x = 2k, k \in \mathbb{Z}\}` and `\{2k \mid k \in \mathbb{Z}\}`. */
const GENERATED = new RegExp(
  String.raw`^\\\{ ?(?:[a-z] ?${BAR} ?[a-z] ?= ?)?([^|]{1,200}?) ?(?:${BAR}|,) ?([a-z]) ?\\in ?(${INTEGERS}) ?\\\}$`,
);
/** `, k \in \mathbb{Z}`, `where n is an integer`, `k = 0, 1, 2, …` behind an answer. */
const WHERE = String.raw`(?:(?:\\text\{ ?)?,? ?(?:where|with|for(?: any| all| some)?)(?: ?\})? )?`;
const WHOLE =
  String.raw`(?: ?\\in ?${INTEGERS}| ?(?:\\text\{ ?)?(?:is )?(?:an |any )?integers? ?\}?` +
  String.raw`| ?= ?(?:0 ?, ?)?(?:\\pm ?)?1 ?, ?(?:\\pm ?)?2 ?,(?: ?(?:\\pm ?)?3 ?,)? ?\\[lc]?dots ?)`;
const RUNS = new RegExp(String.raw`[,;]? ?\(?${WHERE}([a-z])(${WHOLE}) ?\)?$`);

export interface Running {
  text: string;
  /** Of the whole number that runs; null where none does. */
  name: string | null;
  /** Whether it is never below 0. */
  isNatural: boolean;
}

/** What is said for each whole number, and the name of that number. */
export function withoutInteger(text: string): Running {
  const set = GENERATED.exec(text);
  if (set && !/[<>]|\\(?:le|ge|ne)(?![A-Za-z])/.test(set[1]!))
    return { text: set[1]!.trim(), name: set[2]!, isNatural: isNatural(set[3]!) };
  const tail = RUNS.exec(text);
  if (!tail || tail.index === 0) return { text, name: null, isNatural: false };
  return { text: text.slice(0, tail.index).trim(), name: tail[1]!, isNatural: isNatural(tail[2]!) };
}

function isNatural(numbers: string): boolean {
  return /naturals|N|\+|^ ?= ?(?:0 ?, ?)?1/.test(numbers);
}

/** With one sign for `such that`, and whole numbers as a set that is met. */
export function withConditions(text: string): string {
  return text.replace(OF_INTEGERS, '\\{$1 \\mid $3\\} \\cap $2').replace(CONDITIONED, '\\{$1 \\mid ');
}
