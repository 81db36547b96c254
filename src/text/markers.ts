import { escapeRegExp } from './escapeRegExp.js';

/**
 * Control tokens written out as text: `<|im_end|>`, `<｜User｜>`, `[INST]`. A tokenizer reads such text as the token itself, so a
 * row that holds one can end its own message and speak for the model. Nearly no honest text holds one.
 */
export interface Markers {
  /** The first marker in a text, or the first plain line that opens a turn of the template; null if there is none. */
  find(text: string): Marker | null;
  /** The text without the markers that it ends with, as of a model that wrote its end token out. */
  withoutEnd(text: string): string;
}

export interface Marker {
  text: string;
  at: number;
}

/** Markers of a template, beside those that are known of all families. */
export interface OwnMarkers {
  /** Control tokens as text. */
  tokens?: Iterable<string>;
  /** Plain text that opens a turn: `\nAssistant:` at the start of a line, ` ASSISTANT:` after any space. */
  turns?: readonly string[];
}

/** Names that are too short to be told from mathematics by their length: `<|eot|>`, but not `<|psi|>`. */
const SHORT_NAMES = new Set(
  'bom bos bot cls end eod eog eom eop eos eot fim pad sep sop sot sys unk usr'.split(' '),
);

const GREEK = new Set(
  (
    'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi ' +
    'omega'
  ).split(' '),
);

/** What control tokens of the families look like; each is bounded, so that a text is read in linear time. */
const SHAPES = [
  // Qwen, Llama 3 and 4, Phi, GPT, Granite, Cohere, GLM, Falcon … The name is judged apart.
  String.raw`<\|[A-Za-z][\w.:-]{2,63}\|>`,
  // DeepSeek, Hunyuan.
  String.raw`<｜[^<>｜\s]{1,64}｜>`,
  // Gemma 4.
  String.raw`<\|(?:turn|channel|tool|tool_call|tool_response|image|audio|video)>|<\|"\|>`,
  String.raw`<(?:turn|channel|tool|tool_call|tool_response|image|audio|video)\|>`,
  // Gemma 1 to 3.
  String.raw`<(?:start|end)_of_[a-z]{2,16}>`,
  String.raw`<(?:beginning|end)_of_sentence>`,
  String.raw`<(?:bos|eos|pad|unk|sep|cls|sop|eop|eod|eot|eom)>`,
  String.raw`<(?:BOS|EOS|PAD|UNK|SEP|CLS|MASK|EOP)_TOKEN>`,
  String.raw`<seed:[a-z_:]{2,32}>`,
  String.raw`<(?:extra_id|reserved|SPECIAL)_\d{1,6}>|<unused\d{1,6}>`,
  String.raw`<fim_(?:prefix|middle|suffix|pad)>|<(?:file_sep|repo_name|gh_stars)>`,
  // Mistral, Llama 2.
  String.raw`\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|PREFIX|MIDDLE|SUFFIX)\]`,
  String.raw`<</?SYS>>`,
  // GLM, EXAONE, InternLM, MiniMax.
  String.raw`\[[gs]MASK\]`,
  String.raw`\[\|(?:user|assistant|system|tool|endofturn)\|\]`,
  String.raw`\[UNUSED_TOKEN_\d{1,6}\]`,
  String.raw`\]~b\]|\]~!b\[|\[e~\[`,
];

/** What all shapes, and `CLOSING_S`, begin with. */
const SHAPES_BEGIN = ['<', '[', ']'];

/** The end token of Llama 2, Mistral and RoBERTa, and of struck text in HTML: a marker where no `<s>` opens it. */
const CLOSING_S = '</s>';
const CLOSINGS_S = /<\/s>/g;
const OPENINGS_S = /<s[\s>]/g;

/** Whether `<|name|>` is a token and no mathematics, such as the expectation `<|x|>`: it has four letters or more in its words. */
function isTokenName(name: string): boolean {
  if (SHORT_NAMES.has(name.toLowerCase())) return true;
  const words = name.split(/[^A-Za-z]+/).filter((word) => word.length > 1 && !GREEK.has(word.toLowerCase()));
  return words.reduce((letters, word) => letters + word.length, 0) >= 4;
}

const NAMED = /^<\|([A-Za-z][\w.:-]*)\|>$/;

function isMathematics(found: string): boolean {
  const name = NAMED.exec(found)?.[1];
  return name !== undefined && !isTokenName(name);
}

/** Knows the markers of all families, and `own`: those of the template in use. Both are read in linear time. */
export function markersOf({ tokens = [], turns = [] }: OwnMarkers = {}): Markers {
  const own = new Set(tokens);
  own.delete('');
  const longestFirst = [...own].sort((a, b) => b.length - a.length).map(escapeRegExp);
  // Own tokens stand first: they need no judgement.
  const token = new RegExp([...longestFirst, ...SHAPES, CLOSING_S].join('|'), 'g');
  const begins = [...new Set([...SHAPES_BEGIN, ...[...own].map((each) => each[0]!)])];
  const turn = turns.length > 0 ? new RegExp(turns.map(turnPattern).join('|'), 'm') : null;

  /** `unopened`: how many `</s>` of the text no `<s>` opens; asked for only where there is one. */
  function isMarker(found: string, unopened: () => number): boolean {
    if (own.has(found)) return true;
    return found === CLOSING_S ? unopened() > 0 : !isMathematics(found);
  }

  /** Most texts hold nothing that any marker begins with. To see that costs a small part of looking for each of them. */
  function mayHold(text: string): boolean {
    return begins.some((char) => text.includes(char));
  }

  function findToken(text: string): Marker | null {
    if (!mayHold(text)) return null;
    const unopened = once(() => unopenedIn(text));
    for (const match of text.matchAll(token)) {
      if (isMarker(match[0], unopened)) return { text: match[0], at: match.index };
    }
    return null;
  }

  function findTurn(text: string): Marker | null {
    const match = turn?.exec(text);
    return match ? { text: match[0].trim(), at: match.index } : null;
  }

  function find(text: string): Marker | null {
    const [first, opening] = [findToken(text), findTurn(text)];
    if (!first || !opening) return first ?? opening;
    return first.at < opening.at ? first : opening;
  }

  function withoutEnd(text: string): string {
    if (!mayHold(text)) return text;
    const unopened = once(() => unopenedIn(text));
    const found = text.match(token) ?? [];
    let cut = 0;
    for (let rest = text; ;) {
      const ended = rest.trimEnd();
      const last = found.pop();
      if (last === undefined || !ended.endsWith(last) || !isMarker(last, () => unopened() - cut)) return rest;
      if (last === CLOSING_S) cut += 1;
      rest = ended.slice(0, -last.length);
    }
  }

  return { find, withoutEnd };
}

/** What is known without any template. */
export const KNOWN_MARKERS = markersOf();

function unopenedIn(text: string): number {
  return (text.match(CLOSINGS_S)?.length ?? 0) - (text.match(OPENINGS_S)?.length ?? 0);
}

function once<T>(compute: () => T): () => T {
  let kept: { value: T } | undefined;
  return () => (kept ??= { value: compute() }).value;
}

function turnPattern(turn: string): string {
  return `${turn.startsWith('\n') ? '^[ \\t]*' : '(?:^|\\s)'}${escapeRegExp(turn.trim())}`;
}
