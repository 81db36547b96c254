import { type Draw, fraction, gcd, grouped, polynomial, signed } from './draw.js';
import { PLAIN_KINDS } from './plainKinds.js';

/** A reference answer, writings that say the same, and near misses that do not: true by construction. */
export interface Case {
  gold: string;
  same: string[];
  other: string[];
}

export const KINDS: Record<string, (draw: Draw) => Case> = {
  'whole numbers'({ whole, other }) {
    const value = whole(1000, 9_999_999);
    const near = value + other(-9, 9);
    return {
      gold: `${value}`,
      same: [grouped(value), grouped(value, '{,}'), `\\text{${value}}`, `${value}.0`, `+${value}`],
      other: [`${near}`, grouped(near), `-${value}`, `${value}0`],
    };
  },
  fractions({ whole, other }) {
    const [over, under, factor] = [other(-40, 40), whole(2, 30), whole(2, 9)];
    const minus = over < 0 ? '-' : '';
    const size = Math.abs(over);
    return {
      gold: fraction(over, under),
      same: [
        `\\dfrac{${over * factor}}{${under * factor}}`,
        `${over}/${under}`,
        `${minus}\\frac{${size}}{${under}}`,
        `\\frac{${-over}}{-${under}}`,
      ],
      other: [fraction(over + under, under), `${over + 1}/${under}`, fraction(-over, under)],
    };
  },
  decimals({ other }) {
    const thousandths = other(-9999, 9999);
    const near = other(-9999, 9999, thousandths);
    return {
      gold: `${thousandths / 1000}`,
      same: [fraction(thousandths, 1000), (thousandths / 1000).toFixed(4), `\\frac{${thousandths}}{1000}`],
      other: [`${near / 1000}`, `${thousandths / 100}`, fraction(thousandths + 1, 1000)],
    };
  },
  'mixed numbers'({ whole }) {
    const under = whole(2, 12);
    const [number, over] = [whole(1, 20), whole(1, under - 1)];
    const total = number * under + over;
    return {
      gold: `${number}\\frac{${over}}{${under}}`,
      same: [fraction(total, under), `${total}/${under}`, `${number}\\dfrac{${over * 2}}{${under * 2}}`],
      other: [
        fraction(number * over, under),
        fraction(total + 1, under),
        `${number + 1}\\frac{${over}}{${under}}`,
      ],
    };
  },
  'repeating decimals'({ whole }) {
    const period = whole(1, 98);
    const digits = `${period}`.padStart(2, '0');
    return {
      gold: fraction(period, 99),
      same: [`0.\\overline{${digits}}`, `\\frac{${period * 10}}{990}`],
      other: [`0.${digits}`, `0.\\overline{${`${(period % 98) + 1}`.padStart(2, '0')}}`],
    };
  },
  'scientific notation'({ whole }) {
    const [digits, power] = [whole(11, 99), whole(3, 12)];
    return {
      gold: `${digits / 10}\\times 10^{${power}}`,
      same: [
        `${BigInt(digits) * 10n ** BigInt(power - 1)}`,
        `${digits}\\cdot 10^{${power - 1}}`,
        `${digits / 10}e${power}`,
      ],
      other: [
        `${digits / 10}\\times 10^{${power + 1}}`,
        `${digits / 10}\\times 10^{-${power}}`,
        `${digits}e${power}`,
      ],
    };
  },
  percentages({ whole }) {
    const percent = whole(1, 99);
    return {
      gold: `${percent}\\%`,
      same: [`${percent}%`, fraction(percent, 100), `${percent / 100}`],
      other: [`${percent + 1}\\%`, `${percent / 1000}`, fraction(percent + 1, 100)],
    };
  },
  roots({ whole, pick }) {
    const [out, inside] = [whole(2, 9), pick([2, 3, 5, 6, 7, 10, 11, 13])];
    return {
      gold: `${out}\\sqrt{${inside}}`,
      same: [
        `\\sqrt{${out * out * inside}}`,
        `\\sqrt{${inside}}\\cdot ${out}`,
        `\\frac{${out * inside}}{\\sqrt{${inside}}}`,
        `${out}*sqrt(${inside})`,
        `${out}\\cdot ${inside}^{1/2}`,
      ],
      other: [`${out}\\sqrt{${inside + 1}}`, `\\sqrt{${out * inside}}`, `${out + 1}\\sqrt{${inside}}`],
    };
  },
  'nested roots'({ whole, pick }) {
    const [a, b] = [whole(1, 9), pick([2, 3, 5, 7])];
    return {
      gold: `${a}+\\sqrt{${b}}`,
      same: [
        `\\sqrt{${a * a + b}+${2 * a}\\sqrt{${b}}}`,
        `\\sqrt{${b}}+${a}`,
        `\\frac{${a * a - b}}{${a}-\\sqrt{${b}}}`,
      ],
      other: [`${a}-\\sqrt{${b}}`, `\\sqrt{${a * a + b}+${2 * a + 1}\\sqrt{${b}}}`, `\\sqrt{${a + b}}`],
    };
  },
  'multiples of pi'({ whole, other }) {
    const [over, under] = [other(1, 20), whole(2, 12)];
    const common = gcd(over, under);
    const [a, b] = [over / common, under / common];
    return {
      gold: `\\frac{${a}\\pi}{${b}}`,
      same: [`\\frac{${a}}{${b}}\\pi`, `${a}\\pi/${b}`, `\\pi\\cdot\\frac{${a * 2}}{${b * 2}}`],
      other: [`\\frac{${a}\\pi}{${b + 1}}`, `\\frac{${a}}{${b}}`, `-\\frac{${a}\\pi}{${b}}`],
    };
  },
  'powers and logarithms'({ whole, pick }) {
    const [base, power] = [pick([2, 3, 5, 7]), whole(30, 300)];
    return {
      gold: `${base}^{${power}}`,
      same: [
        `${base}\\cdot ${base}^{${power - 1}}`,
        `(${base}^{${power}})`,
        `${BigInt(base) ** BigInt(power)}`,
      ],
      other: [`${base}^{${power + 1}}`, `${base}^{${power}}+1`, `${BigInt(base) ** BigInt(power) - 1n}`],
    };
  },
  logarithms({ whole, pick }) {
    const [base, factor] = [pick([2, 3, 5]), whole(2, 6)];
    return {
      gold: `${factor}\\ln ${base}`,
      same: [`\\ln ${base ** factor}`, `\\ln(${base})\\cdot ${factor}`, `-\\ln\\frac{1}{${base ** factor}}`],
      other: [`\\ln ${base * factor + 1}`, `${factor + 1}\\ln ${base}`, `${factor}\\ln ${base + 1}`],
    };
  },
  'complex numbers'({ other }) {
    const [re, im] = [other(-9, 9), other(2, 9)];
    return {
      gold: `${re}+${im}i`,
      same: [`${im}i${signed(re)}`, `\\frac{${re * 2}+${im * 2}i}{2}`, `${re}-\\frac{${im}}{i}`],
      other: [`${re}-${im}i`, `${re}+${im + 1}i`, ...(re === im ? [] : [`${im}${signed(re)}i`])],
    };
  },
  polynomials({ other, shuffle }) {
    const [a, b] = [other(-9, 9), other(-9, 9)];
    const [p, q] = [a + b, a * b];
    const terms = shuffle(['x^2', ...(p === 0 ? [] : [`${p}x`]), `${q}`]);
    return {
      gold: polynomial([1, p, q]),
      same: [
        `(x${signed(a)})(x${signed(b)})`,
        terms.map((term) => `(${term})`).join('+'),
        `x(x${signed(p)})${signed(q)}`,
      ],
      other: [`(x${signed(-a)})(x${signed(b + 1)})`, polynomial([1, p, q + 1]), polynomial([1, p + 1, q])],
    };
  },
  'several variables'({ other }) {
    const [a, b] = [other(2, 9), other(-9, 9)];
    return {
      gold: `${a}x^2y${signed(b)}xy`,
      same: [`xy(${a}x${signed(b)})`, `${b}yx+${a}yx^2`, `${a}x^{2}y-(${-b})xy`],
      other: [`${a}xy^2${signed(b)}xy`, `${a}x^2y${signed(b + 1)}xy`, `${a}x^2${signed(b)}xy`],
    };
  },
  'rational functions'({ other }) {
    const a = other(1, 12);
    const b = other(-9, 9, -a);
    return {
      gold: `\\frac{1}{x${signed(a)}}`,
      same: [
        `\\frac{x${signed(b)}}{(x${signed(a)})(x${signed(b)})}`,
        `(x${signed(a)})^{-1}`,
        `\\frac{2}{2x${signed(2 * a)}}`,
      ],
      other: [`\\frac{1}{x${signed(a + 1)}}`, `\\frac{1}{x}${signed(a)}`, `x${signed(a)}`],
    };
  },
  trigonometry({ whole }) {
    const a = whole(2, 9);
    return {
      gold: `\\sin(${2 * a}x)`,
      same: [`2\\sin(${a}x)\\cos(${a}x)`, `\\sin ${2 * a}x`, `\\cos\\left(\\frac{\\pi}{2}-${2 * a}x\\right)`],
      other: [`2\\sin(${a}x)`, `\\cos(${2 * a}x)`, `\\sin(${2 * a + 1}x)`],
    };
  },
  // From 8 on, for C(7, 3) is C(7, 4).
  'factorials and binomials'({ whole }) {
    const [n, k] = [whole(8, 20), whole(2, 4)];
    return {
      gold: `\\binom{${n}}{${k}}`,
      same: [`\\frac{${n}!}{${k}!\\cdot ${n - k}!}`, `\\binom{${n}}{${n - k}}`, `\\dbinom{${n}}{${k}}`],
      other: [`\\binom{${n + 1}}{${k}}`, `\\frac{${n}!}{${k}!}`, `\\binom{${n}}{${k - 1}}`],
    };
  },
  'assigned values'({ other, pick }) {
    const [name, value] = [pick(['x', 'y', 'n', 't']), other(-99, 99)];
    return {
      gold: `${value}`,
      same: [`${name}=${value}`, `${name} = \\frac{${value * 3}}{3}`, `$${name}=${value}$`],
      other: [`${name}=${value + 1}`, `${name} = -${value}0`],
    };
  },
  equations({ other }) {
    const [a, b] = [other(-9, 9), other(-9, 9)];
    return {
      gold: `y=${polynomial([a, b])}`,
      same: [
        `y${signed(-b)}=${polynomial([a, 0])}`,
        `${polynomial([a, b])}=y`,
        `2y=${polynomial([2 * a, 2 * b])}`,
      ],
      other: [`y=${polynomial([a, b + 1])}`, `y=${polynomial([-a, b])}`, `y=${polynomial([a, -b])}`],
    };
  },
  intervals({ other, whole }) {
    const low = other(-20, 20);
    const high = low + whole(1, 20);
    return {
      gold: `[${low},${high})`,
      same: [
        `\\left[${low}, ${high}\\right)`,
        `[${low},${high - 0.5}]\\cup(${high - 0.5},${high})`,
        `[\\frac{${low * 2}}{2},${high})`,
      ],
      other: [`[${low},${high}]`, `(${low},${high})`, `[${low},${high + 1})`, `(${low},${high}]`],
    };
  },
  inequalities({ other, pick }) {
    const value = other(-20, 20);
    const strict = pick([true, false]);
    return {
      gold: `${strict ? '(' : '['}${value},\\infty)`,
      same: [
        `x${strict ? '>' : '\\ge'} ${value}`,
        `${value} ${strict ? '<' : '\\le'} x`,
        `x\\in ${strict ? '(' : '['}${value},\\infty)`,
      ],
      other: [
        `x${strict ? '\\ge' : '>'} ${value}`,
        `x${strict ? '<' : '\\le'} ${value}`,
        `(-\\infty,${value})`,
      ],
    };
  },
  unions({ other, whole }) {
    const low = other(-20, 20);
    const high = low + whole(2, 9);
    return {
      gold: `(-\\infty,${low})\\cup(${high},\\infty)`,
      same: [
        `(${high},\\infty)\\cup(-\\infty,${low})`,
        `x<${low}\\text{ or }x>${high}`,
        `\\mathbb{R}\\setminus[${low},${high}]`,
      ],
      other: [
        `(-\\infty,${low}]\\cup[${high},\\infty)`,
        `(${low},${high})`,
        `(-\\infty,${low})\\cup(${high + 1},\\infty)`,
      ],
    };
  },
  sets({ other, shuffle }) {
    const [a, step] = [other(-20, 20), other(1, 9)];
    const values = [a, a + step, a + 2 * step, a + 3 * step];
    return {
      gold: `\\{${values.join(',')}\\}`,
      same: [
        `\\{${shuffle(values).join(', ')}\\}`,
        shuffle(values).join(', '),
        `\\left\\{${values.join(',')}\\right\\}`,
      ],
      other: [
        `\\{${values.slice(1).join(',')}\\}`,
        `\\{${[...values, a - 1].join(',')}\\}`,
        [a - 1, ...values.slice(1)].join(', '),
      ],
    };
  },
  'lists of solutions'({ other, pick }) {
    const a = other(-20, 20);
    const b = other(-20, 20, a);
    const name = pick(['x', 't']);
    return {
      gold: `${a},${b}`,
      same: [
        `${b}, ${a}`,
        `${name}=${a} \\text{ or } ${name}=${b}`,
        `\\{${a},${b}\\}`,
        `${a} \\text{ and } ${b}`,
      ],
      other: [`${a}`, `${a},${b + (b + 1 === a ? 2 : 1)}`, `${name}=${b}`],
    };
  },
  'plus or minus'({ whole, pick }) {
    const [a, b] = [whole(1, 9), pick([2, 3, 5, 7])];
    return {
      gold: `${a}\\pm\\sqrt{${b}}`,
      same: [
        `${a}+\\sqrt{${b}},${a}-\\sqrt{${b}}`,
        `\\{${a}-\\sqrt{${b}},\\sqrt{${b}}+${a}\\}`,
        `x=${a}\\pm\\sqrt{${b}}`,
      ],
      other: [`${a}+\\sqrt{${b}}`, `${a + 1}\\pm\\sqrt{${b}}`, `-${a}\\pm\\sqrt{${b}}`],
    };
  },
  tuples({ other }) {
    const [a, b, c] = [other(-9, 9), other(-9, 9), other(-9, 9)];
    return {
      gold: `(${a},${b},${c})`,
      same: [`\\left(${a}, ${b}, ${c}\\right)`, `(${a}.0,${b},\\frac{${c * 2}}{2})`],
      other: [`(${a},${b})`, `(${a},${b},${c + 1})`, ...(a === c ? [] : [`(${c},${b},${a})`])],
    };
  },
  'ordered pairs'({ other }) {
    const [a, b] = [other(-9, 9), other(-9, 9)];
    const [c, d] = [a + 1, b + 2];
    return {
      gold: `(${a},${b}),(${c},${d})`,
      same: [
        `(${c},${d}), (${a},${b})`,
        `\\{(${a},${b}),(${c},${d})\\}`,
        `(${a},${b})\\text{ and }(${c},${d})`,
      ],
      other: [`(${a},${d}),(${c},${b})`, `(${a},${b})`, `(${a},${b}),(${c},${d + 1})`],
    };
  },
  matrices({ other }) {
    const [a, b, c, d] = [other(-9, 9), other(-9, 9), other(-9, 9), other(-9, 9)];
    const matrix = (kind: string, cells: readonly (number | string)[]): string =>
      `\\begin{${kind}}${cells[0]}&${cells[1]}\\\\${cells[2]}&${cells[3]}\\end{${kind}}`;
    return {
      gold: matrix('pmatrix', [a, b, c, d]),
      same: [
        matrix('bmatrix', [a, b, c, d]),
        matrix('pmatrix', [` ${a} `, ` ${b} `, ` ${c} `, `\\frac{${d * 2}}{2}`]),
      ],
      other: [matrix('pmatrix', [a, b, c, d + 1]), ...(b === c ? [] : [matrix('pmatrix', [a, c, b, d])])],
    };
  },
  vectors({ other }) {
    const [a, b, c] = [other(-9, 9), other(-9, 9), other(-9, 9)];
    const column = (cells: readonly number[]): string =>
      `\\begin{pmatrix}${cells.join('\\\\')}\\end{pmatrix}`;
    return {
      gold: column([a, b, c]),
      same: [
        column([a, b, c]).replaceAll('pmatrix', 'bmatrix'),
        column([a, b, c]).replaceAll('\\\\', ' \\\\ '),
      ],
      other: [column([a, b, c + 1]), column([a, b]), column([-a, b, c])],
    };
  },
  units({ whole, pick }) {
    const [value, unit] = [whole(2, 500), pick(['cm', 'm', 'kg', 'cm^2', 'km/h'])];
    return {
      gold: `${value}\\text{ ${unit}}`,
      same: [`${value}`, `${value}\\,\\mathrm{${unit}}`, `${value}\\text{${unit}}`],
      other: [`${value + 1}\\text{ ${unit}}`, `${value * 10}`],
    };
  },
  'other units'({ whole }) {
    const value = whole(2, 500);
    return {
      gold: `${value}\\text{ m}`,
      same: [`${value * 100}\\text{ cm}`, `${fraction(value, 1000)}\\text{ km}`],
      other: [`${value}\\text{ cm}`, `${value}\\text{ kg}`, `${value}\\text{ m}^2`],
    };
  },
  money({ whole }) {
    const cents = whole(101, 99_999);
    const text = (cents / 100).toFixed(2);
    return {
      gold: `\\$${text}`,
      same: [text, `${text}\\text{ dollars}`, `\\$${cents / 100}`],
      other: [`\\$${((cents + 1) / 100).toFixed(2)}`, `\\$${(cents / 10).toFixed(2)}`],
    };
  },
  degrees({ whole }) {
    const angle = whole(1, 359);
    return {
      gold: `${angle}^\\circ`,
      same: [`${angle}`, `${angle}^{\\circ}`, `${angle}\\text{ degrees}`],
      other: [`${angle + 1}^\\circ`, `-${angle}^\\circ`],
    };
  },
  bases({ whole, pick }) {
    const [value, base] = [whole(10, 500), pick([2, 3, 5, 7, 8])];
    const digits = value.toString(base);
    return {
      gold: `${digits}_{${base}}`,
      same: [`${digits}_${base}`, `${digits}_{${base}} `],
      other: [`${(value + 1).toString(base)}_{${base}}`, `${digits}_{${base + 1}}`],
    };
  },
  ratios({ whole }) {
    const [a, b, factor] = [whole(1, 12), whole(1, 12), whole(2, 5)];
    return {
      gold: `${a}:${b}`,
      same: [`${a * factor}:${b * factor}`, `${a} : ${b}`],
      other: [`${a}:${b + 1}`, ...(a === b ? [] : [`${b}:${a}`])],
    };
  },
  'choice letters'({ pick, shuffle }) {
    const [letter, wrong] = shuffle(['A', 'B', 'C', 'D', 'E']);
    return {
      gold: `\\text{${pick(['', '('])}${letter}`.replace(/\(.$/, (found) => `${found})`) + '}',
      same: [`${letter}`, `(${letter})`, `\\textbf{(${letter})}`, `\\text{${letter}}`],
      other: [`${wrong}`, `(${wrong})`, `\\text{${wrong}}`],
    };
  },
  words({ shuffle }) {
    const [word, wrong] = shuffle([
      'Monday',
      'even',
      'yes',
      'triangle',
      'Alice',
      'parabola',
      'no',
      'odd',
      'green',
    ]);
    return {
      gold: `\\text{${word}}`,
      same: [word!, word!.toUpperCase(), `\\textbf{${word}}`, `\\mathrm{${word}}`],
      other: [wrong!, `\\text{${wrong}}`],
    };
  },
  ...PLAIN_KINDS,
};
