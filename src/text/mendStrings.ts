const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/g;

/** Control characters that no text means: before letters they are the beginning of a command. */
const NEVER_MEANT = 'bf';
/** Commands of LaTeX that begin as `\n`, `\r` and `\t` do. */
const COMMANDS = new Set(
  (
    'nabla natural ncong ne nearrow neg neq newcommand newline nexists ngeq ngtr nleftarrow nleq nless nmid nolimits ' +
    'nonumber nparallel nprec nrightarrow nsim nsubseteq nsucc nsupseteq not notin nsqrt norm nwarrow ' +
    'raisebox rangle rbrace rbrack rceil ref renewcommand restriction rfloor rgroup rho right rightarrow rightharpoonup ' +
    'rightleftharpoons rightsquigarrow risingdotseq rm rmoustache root rtimes rule rvert rVert ' +
    'tag tan tanh tau tbinom text textbf textbullet textcolor textit textmd textnormal textrm textsc textsf textstyle texttt ' +
    'textup tfrac therefore theta thetasym thickapprox thicksim thickspace thinspace tilde times tiny to top triangle ' +
    'triangledown triangleleft trianglelefteq triangleq triangleright trianglerighteq tt twoheadleftarrow twoheadrightarrow'
  ).split(' '),
);
/** Commands that could as well be a line end and a letter: where something else of the text is LaTeX, they are commands. */
const LETTERS = new Set(['nu', 'ni']);

/**
 * Makes JSON of what models write for it: backslashes of LaTeX in strings that were not escaped, and line ends in strings. A string is read
 * as one of three:
 * - *escaped*, if a doubled backslash stands before a letter and no single one where JSON allows none: as JSON says. `"\\alpha\nx"`.
 * - *raw*, if a single backslash stands where JSON allows none, as in `"\alpha"` and `"\("`: each backslash stands for itself, but for
 *   `\"`, `\\` before a letter, and line ends. `"\\ "` stays the line end of LaTeX.
 * - else each `\n`, `\r` or `\t` is a command where a command begins so (`\nabla`, `\rho`, `\times`), and `\b` and `\f` are before any
 *   letter (`\beta`, `\frac`): nobody means a backspace or a form feed.
 */
export function mendStrings(json: string): string {
  if (!/[\\\n\r\t]/.test(json)) return json;
  return json.replace(STRING, mendString);
}

function mendString(string: string): string {
  if (!string.includes('\\')) return escapedEnds(string);
  const body = string.slice(1, -1);
  const form = formOf(body);
  return escapedEnds(form === 'escaped' ? string : `"${mendBody(body, form === 'raw')}"`);
}

/** Line ends and tabs as JSON has them. To split and join takes less than half the time of `replaceAll` where there are many. */
function escapedEnds(text: string): string {
  return text.split('\n').join('\\n').split('\r').join('\\r').split('\t').join('\\t');
}

/** Whether JSON knows what stands after a backslash, and no command of LaTeX begins so. */
function isPlainEscape(body: string, at: number): boolean {
  const next = body[at];
  return next === '"' || next === '/' || (next === 'u' && /^[0-9a-fA-F]{4}/.test(body.slice(at + 1, at + 5)));
}

type Form = 'escaped' | 'raw' | 'unclear';

function formOf(body: string): Form {
  let isEscaped = false;
  for (let at = body.indexOf('\\'); at >= 0; at = body.indexOf('\\', at + 2)) {
    const next = body[at + 1]!;
    if (next === '\\') isEscaped ||= isLetter(body[at + 2]);
    else if (!`"/bfnrt'`.includes(next) && !isPlainEscape(body, at + 1)) return 'raw';
  }
  return isEscaped ? 'escaped' : 'unclear';
}

function mendBody(body: string, isRaw: boolean): string {
  let mended = '';
  let from = 0;
  for (let at = body.indexOf('\\'); at >= 0; at = body.indexOf('\\', from)) {
    const { text, length } = mendEscape(body, at, isRaw);
    mended += body.slice(from, at) + text;
    from = at + length;
  }
  return mended + body.slice(from);
}

/** What JSON has for the escape at `at`, and how many characters of the text it stands for. */
function mendEscape(body: string, at: number, isRaw: boolean): { text: string; length: number } {
  const next = body[at + 1]!;
  if (next === '\\') {
    const isLineEnd = isRaw && /^(?:[\s\\]|$)/.test(body.slice(at + 2, at + 3));
    return { text: isLineEnd ? '\\\\\\\\' : '\\\\', length: 2 };
  }
  if (next === "'") return { text: "'", length: 2 };
  if (isPlainEscape(body, at + 1)) return { text: `\\${next}`, length: 2 };
  if ('bfnrt'.includes(next) && !isCommand(body, at + 1, isRaw)) return { text: `\\${next}`, length: 2 };
  return { text: '\\\\', length: 1 };
}

const COMMAND_CHARS_MAX = 24;

function isCommand(body: string, at: number, isRaw: boolean): boolean {
  const [word] = /^[A-Za-z]*/.exec(body.slice(at, at + COMMAND_CHARS_MAX))!;
  if (NEVER_MEANT.includes(word[0]!)) return word.length > 1;
  if (LETTERS.has(word)) return isRaw || body.includes('$');
  return COMMANDS.has(word);
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[A-Za-z]/.test(char);
}
