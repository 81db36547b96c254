/** Units that convert into each other, by what they measure in base units: name → factor as numerator and denominator. */
const TABLE: Record<string, Record<string, [bigint, bigint]>> = {
  length: {
    'm meter metre 米 м': [1n, 1n],
    'km kilometer kilometre 千米 公里 км': [1000n, 1n],
    'dm decimeter decimetre 分米 дм': [1n, 10n],
    'cm centimeter centimetre 厘米 см': [1n, 100n],
    'mm millimeter millimetre 毫米 мм': [1n, 1000n],
    'μm micrometer micrometre micron': [1n, 10n ** 6n],
    'nm nanometer nanometre': [1n, 10n ** 9n],
    'Å angstrom ångström': [1n, 10n ** 10n],
    'in inch inches': [254n, 10_000n],
    'ft foot feet': [3048n, 10_000n],
    'yd yard': [9144n, 10_000n],
    'mi mile': [1_609_344n, 1000n],
  },
  'length^2': { 'ha hectare': [10_000n, 1n], acre: [40_468_564_224n, 10n ** 7n] },
  'length^3': {
    'L l liter litre 升 л': [1n, 1000n],
    'mL ml cc milliliter millilitre 毫升 мл': [1n, 10n ** 6n],
    'gal gallon': [3_785_411_784n, 10n ** 12n],
    quart: [946_352_946n, 10n ** 12n],
    pint: [473_176_473n, 10n ** 12n],
  },
  mass: {
    'g gram gramme 克 г': [1n, 1n],
    'kg kilogram 千克 公斤 кг': [1000n, 1n],
    'mg milligram': [1n, 1000n],
    'lb lbs pound_mass': [45_359_237n, 100_000n],
    'oz ounce': [45_359_237n, 1_600_000n],
    't ton tonne 吨': [1_000_000n, 1n],
  },
  time: {
    's sec second 秒 с': [1n, 1n],
    'ms millisecond': [1n, 1000n],
    'μs microsecond': [1n, 10n ** 6n],
    'ns nanosecond': [1n, 10n ** 9n],
    'min minute 分钟 мин': [60n, 1n],
    'h hr hrs hour 小时 ч': [3600n, 1n],
    'd day 天': [86_400n, 1n],
    week: [604_800n, 1n],
    month: [2_629_746n, 1n],
    'yr year': [31_556_952n, 1n],
  },
  'length time^-1': { mph: [1_609_344n, 3_600_000n], 'kph kmh kmph': [1000n, 3600n] },
  'length^-2': { mpg: [1_609_344n * 10n ** 9n, 3_785_411_784n] },
  'time^-1': {
    'Hz hertz': [1n, 1n],
    'kHz kilohertz': [1000n, 1n],
    'MHz megahertz': [10n ** 6n, 1n],
    'GHz gigahertz': [10n ** 9n, 1n],
  },
  'mass length time^-2': { 'N newton': [1000n, 1n], 'kN kilonewton': [10n ** 6n, 1n] },
  'mass length^-1 time^-2': {
    'Pa pascal': [1000n, 1n],
    'kPa kilopascal': [10n ** 6n, 1n],
    'MPa megapascal': [10n ** 9n, 1n],
    bar: [10n ** 8n, 1n],
    'atm atmosphere': [101_325_000n, 1n],
  },
  'mass length^2 time^-2': {
    'J joule Nm': [1000n, 1n],
    'kJ kilojoule': [10n ** 6n, 1n],
    'MJ megajoule': [10n ** 9n, 1n],
    'kWh kilowatt-hour': [3_600_000_000n, 1n],
    'cal calorie': [4184n, 1n],
    'eV electronvolt electron-volt': [1_602_176_634n * 1000n, 10n ** 28n],
    'kcal kilocalorie': [4_184_000n, 1n],
  },
  'mass length^2 time^-3': {
    'W watt': [1000n, 1n],
    'kW kilowatt': [10n ** 6n, 1n],
    'MW megawatt': [10n ** 9n, 1n],
  },
  volt: { 'V volt': [1n, 1n], 'mV millivolt': [1n, 1000n], 'kV kilovolt': [1000n, 1n] },
  ampere: { 'A ampere amp': [1n, 1n], 'mA milliampere milliamp': [1n, 1000n] },
  ohm: { 'Ω ohm': [1n, 1n], 'kΩ kiloohm kilohm': [1000n, 1n] },
  substance: { 'mol mole': [1n, 1n], 'mmol millimole': [1n, 1000n] },
  byte: {
    byte: [1n, 1n],
    'kB KB kilobyte': [1000n, 1n],
    'MB megabyte': [10n ** 6n, 1n],
    'GB gigabyte': [10n ** 9n, 1n],
    'TB terabyte': [10n ** 12n, 1n],
  },
  money: { 'dollar \\dollar USD': [1n, 1n], 'cent \\cent': [1n, 100n] },
  euro: { 'euro \\euro EUR': [1n, 1n] },
  sterling: { 'pound \\pound GBP': [1n, 1n], 'pence p penny': [1n, 100n] },
  yen: { 'yen \\yen 円 日元': [1n, 1n] },
  yuan: { 'yuan 元 人民币 RMB': [1n, 1n] },
  rupee: { 'rupee \\rupee INR': [1n, 1n] },
  angle: { 'degree deg \\deg 度': [1n, 1n], arcminute: [1n, 60n], arcsecond: [1n, 3600n] },
  radian: { 'radian rad': [1n, 1n] },
  celsius: { 'C celsius': [1n, 1n] },
  fahrenheit: { 'F fahrenheit': [1n, 1n] },
  kelvin: { 'K kelvin': [1n, 1n] },
  charge: { coulomb: [1n, 1n] },
  capacitance: { farad: [1n, 1n] },
  inductance: { 'H henry': [1n, 1n] },
  magnetism: { 'T tesla': [1n, 1n], gauss: [1n, 10_000n] },
  flux: { 'Wb weber': [1n, 1n] },
  concentration: { 'M molar': [1n, 1n] },
  loudness: { 'dB decibel': [1n, 1n] },
  'turns time^-1': { rpm: [1n, 60n] },
  turns: { 'revolution rev': [1n, 1n] },
  unit: { 'unit 单位': [1n, 1n] },
};

interface Unit {
  powers: readonly (readonly [dimension: string, power: number])[];
  over: bigint;
  under: bigint;
}

const UNITS = new Map<string, Unit>();
for (const [dimensions, table] of Object.entries(TABLE)) {
  const powers = dimensions.split(' ').map((text) => {
    const [dimension, power = '1'] = text.split('^');
    return [dimension!, Number(power)] as const;
  });
  for (const [names, [over, under]] of Object.entries(table)) {
    for (const name of names.split(' ')) {
      const unit = { powers, over, under };
      UNITS.set(name, unit);
      if (name.length > 2 && !name.startsWith('\\')) UNITS.set(`${name}s`, unit);
    }
  }
}

/** In whatever case, where only one unit is written with these letters: `kpa`; but `mW` is no MW. */
const CASELESS = new Map<string, Unit | undefined>();
for (const [name, unit] of UNITS) {
  const key = name.toLowerCase();
  CASELESS.set(key, CASELESS.has(key) && CASELESS.get(key) !== unit ? undefined : unit);
}

/** Prefixes of the International System as powers of ten, on the symbols and the names of its units. */
const PREFIXES: readonly (readonly [symbol: string, name: string, power: number])[] = [
  ['T', 'tera', 12],
  ['G', 'giga', 9],
  ['M', 'mega', 6],
  ['k', 'kilo', 3],
  ['m', 'milli', -3],
  ['μ', 'micro', -6],
  ['u', 'micro', -6],
  ['n', 'nano', -9],
  ['p', 'pico', -12],
];
const PREFIXED = 'm g s A K mol Hz N Pa J W V F C Ω H T Wb L eV M cal'.split(' ');
const PREFIXED_NAMES = [
  ...'meter metre gram second ampere amp kelvin mole hertz newton pascal joule watt volt farad coulomb ohm'.split(
    ' ',
  ),
  ...'henry tesla weber liter litre electronvolt molar calorie'.split(' '),
];
/** In a unit with a prefix, F is a farad and C a coulomb. */
const BEHIND_PREFIX = new Map([
  ['F', 'farad'],
  ['C', 'coulomb'],
]);

const WITH_PREFIX = new Map<string, Unit>();
for (const [symbol, name, power] of PREFIXES) {
  const pairs = [
    ...PREFIXED.map((unit) => [symbol + unit, BEHIND_PREFIX.get(unit) ?? unit] as const),
    ...PREFIXED_NAMES.flatMap((unit) =>
      [`${name}${unit}`, `${name}${unit}s`].map((own) => [own, unit] as const),
    ),
  ];
  for (const [own, unit] of pairs) {
    const base = UNITS.get(unit)!;
    const size = 10n ** BigInt(Math.abs(power));
    const scale = power > 0 ? { over: base.over * size } : { under: base.under * size };
    if (!UNITS.has(own)) WITH_PREFIX.set(own, { ...base, ...scale });
  }
}

function unitOf(name: string): Unit | undefined {
  const key = name.toLowerCase();
  return (
    UNITS.get(name) ?? WITH_PREFIX.get(name) ?? UNITS.get(key) ?? WITH_PREFIX.get(key) ?? CASELESS.get(key)
  );
}

/** They are products of variables as well: units only where they are set as text, or in a second reading. */
const MAY_BE_PRODUCTS = new Set('in nm ns Pa Nm kN kJ MJ kW MW mV kV mA kB KB MB GB TB ha rev cc'.split(' '));

/** A unit's name of two letters or more; single letters are variables unless set as text. */
export function isUnit(word: string): boolean {
  if (word.length < 2 || MAY_BE_PRODUCTS.has(word) || (word.length < 4 && WITH_PREFIX.has(word)))
    return false;
  return unitOf(word) !== undefined;
}

/** A single letter that is a unit when it is set upright. */
export function isUnitLetter(letter: string): boolean {
  return UNITS.has(letter) && !/^[ATHMKp]$/.test(letter);
}

const POWERS = new Map([
  ['hundred', 2],
  ['thousand', 3],
  ['million', 6],
  ['billion', 9],
  ['trillion', 12],
  ['lakh', 5],
  ['crore', 7],
  ['lac', 5],
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

/** One unit with its power, `s^-2` of `m/s^2`. */
interface Factor {
  name: string;
  power: number;
}

/** What a written unit means: `cm^2`, `square meters`, `km/h`, `miles per hour`, `meters per second squared`, `apples`. */
export function unitMeaning(written: string): UnitMeaning {
  const powers = new Map<string, number>();
  let [over, under] = [1n, 1n];
  for (const { name, power } of factorsOf(written)) {
    const unit = unitOf(name);
    if (!unit) return { dimension: singular(written), over: 1n, under: 1n, known: false };
    for (const [dimension, own] of unit.powers)
      powers.set(dimension, (powers.get(dimension) ?? 0) + own * power);
    const times = BigInt(Math.abs(power));
    over *= (power > 0 ? unit.over : unit.under) ** times;
    under *= (power > 0 ? unit.under : unit.over) ** times;
  }
  const dimension = [...powers]
    .filter(([, power]) => power !== 0)
    .map(([name, power]) => `${name}^${power}`)
    .sort()
    .join(' ');
  return { dimension, over, under, known: true };
}

function factorsOf(written: string): Factor[] {
  const words = written
    .replace(
      /\/ ?\(([^()]{1,40})\)/g,
      (_, under: string) => ` / ${under.replace(/(?: |\*|\\cdot)+/g, ' / ')}`,
    )
    .replace(/[{}.()]/g, '')
    .replace(/\belectron volts?\b/gi, 'electronvolt')
    .replace(/\bdegrees? (?=(?:celsius|fahrenheit|C|F)\b)/gi, '')
    .replace(/平方/g, ' square ')
    .replace(/立方/g, ' cubic ')
    .replace(/\bper\b|\/|每/g, ' / ')
    .replace(/\\cdot|\\times|\*/g, ' ')
    .split(' ')
    .filter(Boolean);
  const factors: Factor[] = [];
  let sign = 1;
  let nextPower = 1;
  for (const word of words) {
    const last = factors.at(-1);
    if (word === '/') sign = -1;
    else if (/^(?:square|sq)$/i.test(word)) nextPower = 2;
    else if (/^(?:cubic|cu)$/i.test(word)) nextPower = 3;
    else if (last && /^(?:squared|cubed)$/i.test(word)) last.power *= /^s/i.test(word) ? 2 : 3;
    else {
      const [, name = '', power = `${nextPower}`] = /^(.*?)(?:\^?(-?\d))?$/.exec(word) ?? [];
      factors.push({ name, power: sign * Number(power) });
      nextPower = 1;
    }
  }
  return factors;
}

/** A pound is money as well as a mass, C a temperature as well as a charge: every meaning of a unit, mostly one. */
export function unitMeanings(written: string): UnitMeaning[] {
  const others = [
    written.replace(/(?<![\\a-z])pounds?\b/gi, 'lb'),
    written.replace(/\bF\b/g, 'farad').replace(/\bC\b/g, 'coulomb'),
    written.replace(/\brevolutions? per minute\b/gi, 'rpm'),
  ];
  return [...new Set([written, ...others])].map(unitMeaning);
}

function singular(words: string): string {
  return words
    .trim()
    .toLowerCase()
    .replace(/\b([ap])\.m\b\.?/g, '$1m')
    .replace(/\\/g, '')
    .replace(/ *\/ */g, ' per ')
    .replace(/\bsq\b/g, 'square')
    .replace(/ies\b/g, 'y')
    .replace(/(?<=x|ch|sh|s)es\b/g, '')
    .replace(/(?<!s)s\b/g, '')
    .replace(/ +/g, ' ')
    .trim();
}
