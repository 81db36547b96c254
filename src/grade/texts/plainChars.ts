/** Characters of Unicode that are another way to write plain text or a command, brought to it. Every pattern is linear. */

const COMMANDS = new Map(
  Object.entries({
    '−': '-',
    '–': '-',
    '—': '-',
    '×': '\\times ',
    '·': '\\cdot ',
    '⋅': '\\cdot ',
    '∗': '*',
    '÷': '\\div ',
    '∕': '/',
    '⁄': '/',
    π: '\\pi ',
    θ: '\\theta ',
    α: '\\alpha ',
    β: '\\beta ',
    λ: '\\lambda ',
    γ: '\\gamma ',
    δ: '\\delta ',
    ε: '\\epsilon ',
    ζ: '\\zeta ',
    η: '\\eta ',
    κ: '\\kappa ',
    ν: '\\nu ',
    ξ: '\\xi ',
    ρ: '\\rho ',
    σ: '\\sigma ',
    τ: '\\tau ',
    φ: '\\phi ',
    χ: '\\chi ',
    ψ: '\\psi ',
    ω: '\\omega ',
    Γ: '\\Gamma ',
    Δ: '\\Delta ',
    Θ: '\\Theta ',
    Λ: '\\Lambda ',
    Σ: '\\Sigma ',
    Φ: '\\Phi ',
    Ψ: '\\Psi ',
    '∞': '\\infty ',
    '≤': '\\le ',
    '≥': '\\ge ',
    '≠': '\\ne ',
    '≈': '\\approx ',
    '±': '\\pm ',
    '∓': '\\mp ',
    '√': '\\sqrt ',
    '∛': '\\sqrt[3] ',
    '∜': '\\sqrt[4] ',
    '∪': '\\cup ',
    '∩': '\\cap ',
    '∈': '\\in ',
    '∅': '\\emptyset ',
    '∖': '\\setminus ',
    '⌊': '\\lfloor ',
    '⌋': '\\rfloor ',
    '⌈': '\\lceil ',
    '⌉': '\\rceil ',
    ℝ: '\\mathbb{R}',
    '°': '^\\circ ',
    '∠': '\\angle ',
    '△': '\\triangle ',
    '′': "'",
    '’': "'",
    '“': '"',
    '”': '"',
    '。': '.',
    '、': ',',
    '€': '\\euro ',
    '£': '\\pound ',
    '¥': '\\yen ',
    '₹': '\\rupee ',
    '¢': '\\cent ',
    '￡': '\\pound ',
    '￥': '\\yen ',
    // Invisible signs that say something.
    '\u2062': '\\cdot ',
    '\u2063': ',',
    '\u2064': '+',
  }),
);
const COMMAND = new RegExp(`[${[...COMMANDS.keys()].join('')}]`, 'gu');

/** Zero-width spaces, joiners, marks of direction, byte order marks. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const VULGAR_FRACTION = /[¼-¾⅐-⅞↉]/gu;
/**
 * What NFKC may change: not letters and signs set high or low, which would lose their place (`xⁿ` is not xn), and no circled digits
 * (`①②` is not 12).
 */
const COMPATIBLE = /[^\0-\x7f\xaa\xba\u02b0-\u02ff\u1d2c-\u1dbf\u2070-\u209f\u2122\u2120\u2460-\u24ff]+/gu;

const PLAIN = '0123456789-+=()ni';
const SUPERSCRIPTS = [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁼⁽⁾ⁿⁱ'];
const SUBSCRIPTS = [...'₀₁₂₃₄₅₆₇₈₉₋₊₌₍₎ₙᵢ'];

export function plainChars(text: string): string {
  const known = text
    // A unit, and no product, though nothing stands between it and its number.
    .replace(
      /(?<=[\d.]) ?([kdcm]?m|in|ft|yd|mi)([²³])/g,
      (_, unit: string, power: string) => ` \\text{ ${unit}^${power === '²' ? 2 : 3}}`,
    )
    .replace(COMMAND, (char) => COMMANDS.get(char) ?? char)
    .replace(IGNORABLE, '')
    // A dot or a line above a digit.
    .replace(/(\d)\u0307/g, '\\dot{$1}')
    .replace(/(?:\d\u0305){1,40}/g, (digits) => `\\overline{${digits.replaceAll('\u0305', '')}}`)
    .replace(VULGAR_FRACTION, fraction);
  return script(script(known, SUPERSCRIPTS, '^'), SUBSCRIPTS, '_').replace(COMPATIBLE, (run) =>
    run.normalize('NFKC'),
  );
}

function fraction(char: string): string {
  const [over, under] = char.normalize('NFKC').split('⁄');
  return `\\frac{${over}}{${under}}`;
}

function script(text: string, chars: readonly string[], sign: '^' | '_'): string {
  return text.replace(new RegExp(`[${chars.join('')}]+`, 'gu'), (run) => {
    const plain = [...run].map((char) => PLAIN[chars.indexOf(char)]).join('');
    return `${sign}{${plain}}`;
  });
}
