/** Days, hours and places in a row that are said in words, each brought to one writing; null for anything else. */

const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october'],
  ...['november', 'december'],
];
const DAY = String.raw`(\d{1,2})(?:st|nd|rd|th)?`;
const MONTH = String.raw`([a-z]{3,9})\.?`;
const YEAR = String.raw`(?:,? (\d{4}))?`;
const MONTH_FIRST = new RegExp(`^${MONTH} ${DAY}${YEAR}$`);
const DAY_FIRST = new RegExp(`^(?:the )?${DAY}(?: of)? ${MONTH}${YEAR}$`);
const ISO = /^(\d{4})-(\d{2})-(\d{2})$/;

/** `March 5th, 2020`, `5 March 2020` and `2020-03-05` as `2020-3-5`; without a year `-3-5`. */
export function dateOf(text: string): string | null {
  const plain = text.toLowerCase();
  const iso = ISO.exec(plain);
  if (iso) return dated(iso[1]!, Number(iso[2]), Number(iso[3]));
  const first = MONTH_FIRST.exec(plain);
  if (first) return dated(first[3] ?? '', monthOf(first[1]!), Number(first[2]));
  const last = DAY_FIRST.exec(plain);
  return last ? dated(last[3] ?? '', monthOf(last[2]!), Number(last[1])) : null;
}

/** 0 where it is none; shortened to three letters or more. */
function monthOf(name: string): number {
  const short = name === 'sept' ? 'sep' : name;
  return 1 + MONTHS.findIndex((month) => month === short || (short.length === 3 && month.startsWith(short)));
}

function dated(year: string, month: number, day: number): string | null {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? `${year}-${month}-${day}` : null;
}

/** `noon`, `midnight`, `8 o'clock`, `8 o'clock pm` as times with minutes. */
export function hourOf(text: string): string | null {
  const named = /^(?:12(?::00)? ?)?(noon|midnight)$/i.exec(text);
  if (named) return named[1]!.toLowerCase() === 'noon' ? '12:00pm' : '12:00am';
  const full = /^(\d{1,2}) ?o'? ?clock(?: ?([ap]m))?$/i.exec(text);
  return full ? `${full[1]}:00${(full[2] ?? '').toLowerCase()}` : null;
}

const ORDINALS = [
  ...['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'],
  ...['eleventh', 'twelfth', 'thirteenth', 'fourteenth', 'fifteenth', 'sixteenth', 'seventeenth'],
  ...['eighteenth', 'nineteenth', 'twentieth'],
];

/** `seventh` and `the seventh` as `7th`; `a third` is a part. */
export function ordinalOf(text: string): string | null {
  const at = ORDINALS.indexOf(text.toLowerCase().replace(/^the /, ''));
  return at < 0 ? null : `${at + 1}${['st', 'nd', 'rd'][at] ?? 'th'}`;
}
