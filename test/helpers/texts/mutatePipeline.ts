import { type Document, type Node, type Pair, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';

/** Whole numbers from 0 to below `count`, from one seed: mulberry32. */
export function drawsOf(seed: number): (count: number) => number {
  let state = seed >>> 0;
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count);
  };
}

type Draws = ReturnType<typeof drawsOf>;

/** Values that people and attackers put where others are expected. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 0.5, 1e308, -1e308, NaN, Infinity, 2 ** 53, 4_294_967_296],
  ...[
    '',
    ' ',
    'x',
    'constructor',
    'toString',
    'hasOwnProperty',
    '1_000',
    '0x10',
    'yes',
    'off',
    '2026-01-01',
    '.inf',
  ],
  ...[
    '${HOME}',
    '${NOT_SET}',
    '${NOT_SET:-x}',
    '${',
    '{{ question }}',
    '{{ a.run }}',
    '{{',
    'none',
    '.',
    '..',
    '/',
    '/dev/zero',
  ],
  ...[
    '/dev/null',
    '../../pipelines',
    'data:text/javascript,1',
    'node:fs',
    'http://',
    'http://[',
    'file:///',
    'x.gguf',
    'x.jsonl',
  ],
  ...['\u0000', '\u001b[31m', '\ud800', '\u2028', 'é'.repeat(50), 'x'.repeat(5000), '<|im_end|>', '%', '\\'],
  ...[[], {}, [[]], [{}], [null], { x: null }, ['x', 'x'], { constructor: 1 }, { toString: { valueOf: [] } }],
];

const KEYS = [
  ...[
    'constructor',
    'toString',
    '__proto__',
    '',
    ' ',
    'max_tokens',
    'label',
    'enabled',
    'custom',
    'path',
    'model',
    'template',
  ],
  ...[
    'links',
    'steps',
    'models',
    'source',
    'exports',
    'train',
    'set',
    'serve',
    'prompt',
    'columns',
    'x'.repeat(500),
  ],
];

const CHUNKS = [
  ...[
    '\n',
    '\t',
    ' ',
    ':',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    '|',
    '>',
    '&a ',
    '*a',
    '<<: ',
    '!',
    '!!set ',
    '%YAML 1.1\n---\n',
  ],
  ...[
    '---\n',
    '...\n',
    '? ',
    ',',
    '${',
    '}',
    '\0',
    '\ufeff',
    '\r',
    '\u0085',
    '\ud800',
    '@',
    '`',
    '\\',
    '&a [*a]',
    '{a: 1, a: 2}',
    '"\\x1b"',
  ],
];

/** A text that was changed in one to four places, by its structure or by its characters. Equal seeds change equally. */
export function mutatePipeline(text: string, seed: number): string {
  const draw = drawsOf(seed);
  let changed = text;
  for (let times = 1 + draw(4); times > 0; times--)
    changed = draw(2) === 0 ? mutateStructure(changed, draw) : mutateCharacters(changed, draw);
  return changed;
}

function mutateCharacters(text: string, draw: Draws): string {
  const at = draw(text.length + 1);
  const length = draw(2) === 0 ? 1 : draw(60);
  const chunk = CHUNKS[draw(CHUNKS.length)]!;
  const ways: (() => string)[] = [
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + chunk + text.slice(at),
    () => text.slice(0, at) + chunk + text.slice(at + length),
    () => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << draw(8))) + text.slice(at + 1),
    () => text.slice(0, at) + text.slice(at, at + length).repeat(1 + draw(200)) + text.slice(at),
    () => text.slice(0, at),
    () => text.slice(0, at) + chunk.repeat(1 + draw(3000)) + text.slice(at),
  ];
  return ways[draw(ways.length)]!();
}

function mutateStructure(text: string, draw: Draws): string {
  const document = soundDocument(text);
  if (document === null) return mutateCharacters(text, draw);
  const pairs: Pair[] = [];
  const lists: { items: unknown[] }[] = [];
  visit(document, {
    Pair: (_key, pair) => void pairs.push(pair),
    Seq: (_key, list) => void lists.push(list as { items: unknown[] }),
  });
  if (pairs.length === 0) return mutateCharacters(text, draw);
  mutateNode(document, pairs, lists, draw);
  try {
    return String(document);
  } catch {
    return mutateCharacters(text, draw);
  }
}

function soundDocument(text: string): Document | null {
  try {
    const document = parseDocument(text, { uniqueKeys: false, logLevel: 'error' });
    return document.errors.length > 0 ? null : document;
  } catch {
    // Deeper than the parser’s stack.
    return null;
  }
}

function mutateNode(document: Document, pairs: Pair[], lists: { items: unknown[] }[], draw: Draws): void {
  const pair = pairs[draw(pairs.length)]!;
  const other = pairs[draw(pairs.length)]!;
  const odd = (): Node => document.createNode(ODD_VALUES[draw(ODD_VALUES.length)]);
  const list = lists[draw(Math.max(1, lists.length))];
  const ways: (() => void)[] = [
    () => void (pair.value = odd()),
    () => void (pair.value = odd()),
    () => void (pair.key = document.createNode(KEYS[draw(KEYS.length)])),
    () => void ([pair.value, other.value] = [other.value, pair.value]),
    () => void (pair.value = document.createNode([pair.value])),
    () => void (pair.value = document.createNode({ [KEYS[draw(KEYS.length)]!]: 1 })),
    () => {
      if (isMap(pair.value)) pair.value.items.push(document.createPair(KEYS[draw(KEYS.length)], odd()));
    },
    () => {
      if (isMap(pair.value) || isSeq(pair.value))
        pair.value.items.splice(draw(pair.value.items.length + 1), 1);
    },
    () => {
      if (isScalar(pair.value) && typeof pair.value.value === 'string')
        pair.value.value = pair.value.value.slice(0, draw(pair.value.value.length + 1));
    },
    () => {
      if (list && list.items.length > 0)
        for (let times = draw(40); times > 0; times--) list.items.push(list.items[draw(list.items.length)]);
    },
    () => void list?.items.splice(draw(list.items.length + 1), 0, odd()),
  ];
  ways[draw(ways.length)]!();
}
