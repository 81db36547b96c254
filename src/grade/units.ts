/** Units that convert into each other: name → [dimension, factor to the dimension's base as numerator and denominator]. */
type Unit = readonly [dimension: string, over: bigint, under: bigint];

const LENGTHS: Record<string, [bigint, bigint]> = {
  'm meter metre': [1n, 1n],
  'km kilometer kilometre': [1000n, 1n],
  'dm decimeter decimetre': [1n, 10n],
  'cm centimeter centimetre': [1n, 100n],
  'mm millimeter millimetre': [1n, 1000n],
  'in inch inches': [254n, 10_000n],
  'ft foot feet': [3048n, 10_000n],
  'yd yard': [9144n, 10_000n],
  'mi mile': [1_609_344n, 1000n],
};
const OTHERS: Record<string, Record<string, [bigint, bigint]>> = {
  mass: {
    'g gram gramme': [1n, 1n],
    'kg kilogram': [1000n, 1n],
    'mg milligram': [1n, 1000n],
    'lb lbs pound_mass': [45_359_237n, 100_000n],
    'oz ounce': [45_359_237n, 1_600_000n],
    't ton tonne': [1_000_000n, 1n],
  },
  time: {
    's sec second': [1n, 1n],
    'ms millisecond': [1n, 1000n],
    'min minute': [60n, 1n],
    'h hr hrs hour': [3600n, 1n],
    'd day': [86_400n, 1n],
    week: [604_800n, 1n],
    month: [2_629_746n, 1n],
    'yr year': [31_556_952n, 1n],
  },
  volume: {
    'L l liter litre': [1n, 1n],
    'mL ml milliliter millilitre': [1n, 1000n],
    gallon: [3_785_411_784n, 10n ** 9n],
  },
  money: { 'dollar \\dollar USD': [1n, 1n], 'cent \\cent': [1n, 100n] },
  euro: { 'euro \\euro EUR': [1n, 1n] },
  sterling: { 'pound \\pound GBP': [1n, 1n] },
  yen: { 'yen \\yen': [1n, 1n] },
  angle: { 'degree deg \\deg': [1n, 1n] },
  radian: { 'radian rad': [1n, 1n] },
  celsius: { 'C celsius': [1n, 1n] },
  fahrenheit: { 'F fahrenheit': [1n, 1n] },
  speed: { mph: [1_609_344n, 3_600_000n], 'kph kmh': [1000n, 3600n] },
  others: { 'N newton': [1n, 1n] },
  joule: { 'J joule': [1n, 1n] },
  watt: { 'W watt': [1n, 1n] },
  volt: { 'V volt': [1n, 1n] },
  hertz: { 'Hz hertz': [1n, 1n] },
};

const UNITS = new Map<string, Unit>();
for (const [dimension, table] of Object.entries({ length: LENGTHS, ...OTHERS })) {
  for (const [names, [over, under]] of Object.entries(table)) {
    for (const name of names.split(' ')) {
      UNITS.set(name, [dimension, over, under]);
      if (name.length > 2 && !name.startsWith('\\')) UNITS.set(`${name}s`, [dimension, over, under]);
    }
  }
}

/** A unit's name of two letters or more; single letters are variables unless set as text. */
export function isUnit(word: string): boolean {
  return word.length > 1 && word !== 'in' && (UNITS.has(word) || UNITS.has(word.toLowerCase()));
}

const POWERS = new Map([
  ['hundred', 2],
  ['thousand', 3],
  ['million', 6],
  ['billion', 9],
  ['trillion', 12],
]);

function powerOf(word: string): number | undefined {
  return POWERS.get(word.toLowerCase().replace(/s$/, ''));
}

export function isNumberWord(word: string): boolean {
  return powerOf(word) !== undefined;
}

/** `million dollars` as 10^6 and `dollars`; `power` 0 where it starts with no such word. */
export function numberWords(written: string): { power: number; unit: string } {
  const words = written.trim().split(/\s+/);
  const first = words.findIndex((word) => !isNumberWord(word));
  const count = first < 0 ? words.length : first;
  const power = words.slice(0, count).reduce((sum, word) => sum + (powerOf(word) ?? 0), 0);
  return { power, unit: words.slice(count).join(' ') };
}

/** Whether a unit says something that its number does not say alone: 6 pm is not 6, nor a decrease of 20 % just 20 %. */
export function isTelling(written: string): boolean {
  return /\b(?:[ap]\.?m\b|(?:in|de)creased?\b)/i.test(written);
}

export interface UnitMeaning {
  /** `length^1 time^-1`, sorted; the unit's own words where it is in no table. */
  dimension: string;
  over: bigint;
  under: bigint;
  known: boolean;
}

/** What a written unit means: `cm^2`, `square meters`, `km/h`, `miles per hour`, `apples`. */
export function unitMeaning(written: string): UnitMeaning {
  const powers = new Map<string, number>();
  let [over, under] = [1n, 1n];
  let sign = 1;
  let nextPower = 1;
  const words = written
    .replace(/[{}.()]/g, '')
    .replace(/\bper\b|\//g, ' / ')
    .replace(/\\cdot|\*/g, ' ')
    .split(' ')
    .filter(Boolean);
  for (const word of words) {
    if (word === '/') sign = -1;
    else if (/^(?:square|sq)$/i.test(word)) nextPower = 2;
    else if (/^(?:cubic|cu)$/i.test(word)) nextPower = 3;
    else {
      const [, name = '', power = `${nextPower}`] = /^(.*?)(?:\^?(-?\d))?$/.exec(word) ?? [];
      const unit = UNITS.get(name) ?? UNITS.get(name.toLowerCase());
      if (!unit) return { dimension: singular(written), over: 1n, under: 1n, known: false };
      const exponent = sign * Number(power);
      powers.set(unit[0], (powers.get(unit[0]) ?? 0) + exponent);
      const times = BigInt(Math.abs(exponent));
      over *= (exponent > 0 ? unit[1] : unit[2]) ** times;
      under *= (exponent > 0 ? unit[2] : unit[1]) ** times;
      nextPower = 1;
    }
  }
  const dimension = [...powers]
    .map(([name, power]) => `${name}^${power}`)
    .sort()
    .join(' ');
  return { dimension, over, under, known: true };
}

function singular(words: string): string {
  return words
    .trim()
    .toLowerCase()
    .replace(/\b([ap])\.m\b\.?/g, '$1m')
    .replace(/ies\b/g, 'y')
    .replace(/(?<=x|ch|sh|s)es\b/g, '')
    .replace(/(?<!s)s\b/g, '');
}
