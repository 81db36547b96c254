/** What a value is given to that is no variable: `P(A \cap B)`, `E[X]`, `\gcd(a, b)`, `(f \circ g)(x)`, `\nabla f`, `|\vec{v}|`. */

const SIGNS = 'Pr|arg|det|dim|gcd|lcm|deg|nabla|Im|Re|phi|varphi|sigma|mu|zeta|Gamma|Delta';
const OPERATOR = String.raw`(?:\\(?:mathbb|operatorname|text) ?\{ ?[A-Za-z]{1,20} ?\}|\\(?:${SIGNS}))`;
const LETTER = '[A-Z][A-Za-z]{0,2}';
const INDEX = String.raw`(?: ?_ ?(?:\w|\{\w{1,6}\}))?`;
const ARGUMENT = String.raw`\([^=()]{0,40}(?:\([^()]{0,20}\)[^()]{0,20})?\)`;
const EVENT = String.raw`\([A-Z] ?(?:=|\\le|\\ge|<|>)[^()]{0,20}\)`;
/** Behind a letter, a variable is the argument of a function, which the parser reads itself. */
const NO_VARIABLE = String.raw`(?!\([a-z\d, ]{1,12}\))`;
const CALLED = String.raw`(?:${OPERATOR}${INDEX} ?|${LETTER}${INDEX} ?${NO_VARIABLE})(?:${ARGUMENT}|${EVENT}|\[[^\][]{0,40}\])`;
const COMPOSED = String.raw`\(?[a-zA-Z] ?(?:\\circ|∘) ?[a-zA-Z]\)? ?\([^()]{1,20}\)|[a-z]\([a-z]\([^()]{1,20}\)\)`;
const WORDS = 'rank|tr|trace|dim|deg|area|perimeter|volume|length';
const BARE = String.raw`\\nabla|\\operatorname ?\{[a-z]{2,12}\}|\\text ?\{ ?(?:${WORDS}) ?\}|\\det|\\dim|D_\{?[a-z]{1,3}\}?`;
const OBJECT = String.raw`(?:\w|\\vec ?\{?\w\}?|\\hat\{?\w\}?|\\text\{\w\})`;
const SIZE = String.raw`\|(?:[A-Z]{1,4}|\\(?:vec|overrightarrow|text) ?\{[A-Za-z]{1,4}\})\|`;
const DOTTED = String.raw`\\d?dot ?\{?[a-z]\}?`;
const NAMED = new RegExp(
  String.raw`^(${CALLED}|${COMPOSED}|(?:${BARE}) ?${OBJECT}|${SIZE}|${DOTTED}) ?(?:=|\\approx) ?([^=]{1,400})$`,
);
/** Functions of a number whose value does not say the number. */
const NO_NAME = /^(?:sin|cos|tan|cot|sec|csc|log|ln|lg|exp|abs)/;

/** The name, without spaces and braces, and the text of the value; null for any other text. */
export function namedValueOf(text: string): { name: string; value: string } | null {
  const found = NAMED.exec(text);
  if (!found || NO_NAME.test(text)) return null;
  return { name: found[1]!.replace(/[\s{}]/g, ''), value: found[2]! };
}
