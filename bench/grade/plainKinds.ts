import { type Draw, fraction } from './draw.js';
import type { Case } from './kinds.js';

/** As people type: units without `\text`, angles with their sign inside functions, numbers in words, foreign digits. */

const PLAIN_UNITS = [
  ['cm', 'centimeters'],
  ['m', 'meters'],
  ['km', 'kilometers'],
  ['kg', 'kilograms'],
  ['g', 'grams'],
  ['mL', 'milliliters'],
  ['min', 'minutes'],
  ['h', 'hours'],
  ['s', 'seconds'],
  ['ft', 'feet'],
  ['in', 'inches'],
] as const;

/** Each with the number of units of another that it holds. */
const SPANS = [
  ['h', 60, 'min'],
  ['min', 60, 's'],
  ['h', 3600, 's'],
  ['ft', 12, 'in'],
  ['km', 1000, 'm'],
  ['kg', 1000, 'g'],
] as const;

const RATES = [
  ['km/h', 'kilometers per hour', 'm/s'],
  ['m/s', 'meters per second', 'km/h'],
  ['miles/hour', 'mph', 'miles/minute'],
  ['L/min', 'liters per minute', 'L/h'],
  ['g/cm^3', 'grams per cubic centimeter', 'kg/cm^3'],
  ['m/s^2', 'meters per second squared', 'm/s'],
] as const;

const AREAS = [
  ['cm', 2, 'square centimeters', 'm'],
  ['m', 2, 'square meters', 'cm'],
  ['ft', 2, 'square feet', 'in'],
  ['cm', 3, 'cubic centimeters', 'm'],
  ['m', 3, 'cubic meters', 'cm'],
  ['in', 3, 'cubic inches', 'ft'],
] as const;

/** Values that schoolbooks know, by function and degrees. */
const ANGLES = [
  ['\\sin', 30, '\\frac{1}{2}'],
  ['\\sin', 45, '\\frac{\\sqrt{2}}{2}'],
  ['\\sin', 60, '\\frac{\\sqrt{3}}{2}'],
  ['\\sin', 150, '0.5'],
  ['\\cos', 30, '\\frac{\\sqrt{3}}{2}'],
  ['\\cos', 60, '0.5'],
  ['\\cos', 120, '-\\frac{1}{2}'],
  ['\\tan', 45, '1'],
  ['\\tan', 60, '\\sqrt{3}'],
  ['\\tan', 135, '-1'],
] as const;

export const PLAIN_KINDS: Record<string, (draw: Draw) => Case> = {
  'plain units'({ whole, pick }) {
    const [value, [unit, name]] = [whole(2, 500), pick(PLAIN_UNITS)];
    const other = pick(PLAIN_UNITS.filter(([short]) => short !== unit))[0];
    return {
      gold: pick([`${value} ${unit}`, `${value}\\text{ ${unit}}`]),
      same: [
        `${value}`,
        `${value} ${unit}`,
        `${value} ${name}`,
        `${value}\\text{ ${name}}`,
        `${value}.0 ${unit}`,
      ],
      other: [`${value + 1} ${unit}`, `${value * 10} ${unit}`, `${value} ${other}`, `${value + 1}`],
    };
  },
  'fractions of units'({ whole, pick }) {
    const [under, unit] = [pick([2, 3, 5, 7]), pick(PLAIN_UNITS)[0]];
    const over = whole(1, 20) * under + 1;
    return {
      gold: `${fraction(over, under)} ${unit}`,
      same: [fraction(over, under), `${over}/${under}`, `${fraction(over, under)}\\text{ ${unit}}`],
      other: [fraction(under, over), `${fraction(over + 1, under)} ${unit}`, `${over} ${unit}`],
    };
  },
  'units of other size'({ whole, pick }) {
    const [value, [large, factor, small]] = [whole(2, 90), pick(SPANS)];
    return {
      gold: `${value} ${large}`,
      same: [`${value * factor} ${small}`, `${value * factor}\\text{ ${small}}`],
      other: [`${value} ${small}`, `${value * factor + 1} ${small}`, `${value * factor} ${large}`],
    };
  },
  'compound units'({ whole, pick }) {
    const [value, [unit, name, other]] = [whole(2, 500), pick(RATES)];
    return {
      gold: pick([`${value} ${unit}`, `${value}\\text{ ${unit}}`]),
      same: [
        `${value}`,
        `${value} ${unit}`,
        `${value} ${name}`,
        `${value}\\text{ ${name}}`,
        `${value}\\,\\mathrm{${unit}}`,
      ],
      other: [`${value + 1} ${unit}`, `${value} ${other}`, `${value * 10}`],
    };
  },
  'squares and cubes of units'({ whole, pick }) {
    const [value, [unit, power, name, other]] = [whole(2, 500), pick(AREAS)];
    return {
      gold: pick([`${value} ${unit}^${power}`, `${value}\\text{ ${unit}}^${power}`]),
      same: [
        `${value}`,
        `${value} ${unit}^{${power}}`,
        `${value} ${name}`,
        `${value}\\,\\mathrm{${unit}}^{${power}}`,
      ],
      other: [
        `${value} ${unit}`,
        `${value} ${other}^${power}`,
        `${value} ${unit}^${5 - power}`,
        `${value + 1}`,
      ],
    };
  },
  'rates of money'({ whole, pick }) {
    const [value, [unit, other]] = [
      whole(2, 90),
      pick([
        ['hour', 'day'],
        ['pound', 'ton'],
        ['person', 'group'],
      ]),
    ];
    return {
      gold: `\\$${value}/${unit}`,
      same: [
        `${value}`,
        `\\$${value} per ${unit}`,
        `${value} dollars per ${unit}`,
        `\\$${value}\\text{ per ${unit}}`,
      ],
      other: [`\\$${value + 1}/${unit}`, `\\$${value}/${other}`, `${value * 10}`],
    };
  },
  'units of more than a number'({ whole, pick }) {
    const [factor, root, [unit, name]] = [whole(2, 9), pick([2, 3, 5, 7]), pick(PLAIN_UNITS)];
    const value = pick([`${factor}\\sqrt{${root}}`, `${factor}\\pi`, `${factor}+\\sqrt{${root}}`]);
    const other = pick(PLAIN_UNITS.filter(([short]) => short !== unit))[0];
    return {
      gold: `${value}\\text{ ${unit}}`,
      same: [value, `${value}\\,\\mathrm{${name}}`, `(${value})\\text{ ${unit}}`],
      other: [`${value}\\text{ ${other}}`, `${value}\\%`, `${value}+1\\text{ ${unit}}`],
    };
  },
  'measures in two parts'({ whole, pick }) {
    const [large, factor, small] = pick(SPANS.filter(([, size]) => size <= 1000));
    const [big, rest] = [whole(1, 20), whole(1, factor - 1)];
    const total = big * factor + rest;
    return {
      gold: `${total}\\text{ ${small}}`,
      same: [`${big} ${large} ${rest} ${small}`, `${big}\\text{ ${large} }${rest}\\text{ ${small}}`],
      other: [
        `${big} ${large} ${rest + 1} ${small}`,
        `${big} ${large}, ${total} ${small}`,
        `${total} ${large}`,
      ],
    };
  },
  'degrees in trigonometry'({ pick }) {
    const [name, angle, value] = pick(ANGLES);
    return {
      gold: value,
      same: [
        `${name} ${angle}^\\circ`,
        `${name}(${angle}^{\\circ})`,
        `${name}(${angle}°)`,
        `2${name} ${angle}^\\circ-${name}${angle}^\\circ`,
        `${name}\\left(${angle - 20}^\\circ+20^\\circ\\right)`,
      ],
      other: [`${name} ${angle}`, `${name} ${angle + 5}^\\circ`, `-${name} ${angle}^\\circ`],
    };
  },
  'angles of inverse functions'({ pick }) {
    const [name, angle, value] = pick(ANGLES.filter(([, degrees]) => degrees < 90));
    return {
      gold: `${angle}^\\circ`,
      same: [`\\arc${name.slice(1)}\\left(${value}\\right)`, `${name}^{-1}\\left(${value}\\right)`],
      other: [`\\arc${name.slice(1)}\\left(-${value}\\right)`, `${name}\\left(${value}\\right)`, value],
    };
  },
  'number words'({ whole, pick }) {
    const value = pick([whole(1, 20), whole(21, 99), whole(100, 999), whole(1000, 999_999)]);
    const near = pick([value + 1, value + 10, value + 100]);
    const words = spelled(value);
    return {
      gold: `${value}`,
      same: [
        words,
        `\\text{${words}}`,
        words[0]!.toUpperCase() + words.slice(1),
        words.replaceAll(' and ', ' '),
      ],
      other: [spelled(near), `\\text{${spelled(near)}}`, `minus ${words}`, `${words} hundred`],
    };
  },
  'digits that go on'({ whole }) {
    const [first, period] = [whole(0, 9), whole(1, 8)];
    const digits = `${first === period ? first + 1 : first}`;
    const over = Number(digits) * 9 + period;
    return {
      gold: fraction(over, 90),
      same: [
        `0.${digits}${`${period}`.repeat(4)}...`,
        `0.${digits}${`${period}`.repeat(3)}\\ldots`,
        `0.${digits}\\bar{${period}}`,
      ],
      other: [
        `0.${digits}${`${period}`.repeat(3)}`,
        `0.${digits}${`${period + 1}`.repeat(3)}...`,
        `0.${digits}${period}`,
      ],
    };
  },
  'other characters'({ whole, other }) {
    const value = whole(10, 9999);
    const near = value + other(-9, 9);
    return {
      gold: `${value}`,
      same: [
        fullWidth(value),
        `\u200b${value}`,
        [...`${value}`].join('\u200b'),
        `${value}\ufeff`,
        `ｘ＝${fullWidth(value)}`,
      ],
      other: [fullWidth(near), `\u200b${near}`, `${value}\u200b0`, `${value}²`],
    };
  },
};

const ONES = [
  ...[
    'zero',
    'one',
    'two',
    'three',
    'four',
    'five',
    'six',
    'seven',
    'eight',
    'nine',
    'ten',
    'eleven',
    'twelve',
  ],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/** `two hundred and five thousand and twenty-one`: numbers below a million in British words. */
function spelled(value: number): string {
  if (value < 20) return ONES[value]!;
  if (value < 100) return `${TENS[Math.floor(value / 10)]}${value % 10 ? `-${ONES[value % 10]}` : ''}`;
  if (value < 1000) {
    const rest = value % 100 ? ` and ${spelled(value % 100)}` : '';
    return `${ONES[Math.floor(value / 100)]} hundred${rest}`;
  }
  const rest = value % 1000;
  const link = rest === 0 ? '' : rest < 100 ? ' and ' : ' ';
  return `${spelled(Math.floor(value / 1000))} thousand${link}${rest ? spelled(rest) : ''}`;
}

function fullWidth(value: number): string {
  return [...`${value}`].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('');
}
