import { decodeUtf8, utf8Cut } from './utf8.js';
import { decodeWindows1252 } from './windows1252.js';
import { decodeUtf16, utf16Cut } from './utf16.js';

/** How bytes stand for text. */
export interface Encoding {
  /** The name by which the standard calls it: `utf-8`, `windows-1252` … */
  name: string;
  /** How many leading bytes can be decoded by themselves; the others wait for those that follow. */
  cut(bytes: Uint8Array): number;
  /** Throws for bytes that are no text in this encoding. */
  decode(bytes: Uint8Array): string;
  /** With U+FFFD for each byte that is no text. */
  decodeLeniently(bytes: Uint8Array): string;
  /** Bytes of a line feed: 2 in UTF-16. */
  unitBytes: 1 | 2;
  /** Whether only whole lines can be decoded by themselves: in a middle nobody can tell where a character begins. */
  needsLineEnd?: boolean;
}

/** The encoding of that label (the WHATWG's labels: `utf-8`, `latin1`, `cp1252`, `utf-16le`, `gbk` …); null for an unknown label. */
export function encodingOf(label: string): Encoding | null {
  const name = nameOf(label);
  if (name === null || NOT_READ.includes(name)) return null;
  return SPECIAL[name] ?? asciiCompatible(name);
}

/** The encoding that a byte order mark at the start of a file tells; null without one. */
export function encodingOfMark(head: Uint8Array): Encoding | null {
  if (head[0] === 0xff && head[1] === 0xfe) return encodingOf('utf-16le');
  if (head[0] === 0xfe && head[1] === 0xff) return encodingOf('utf-16be');
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return encodingOf('utf-8');
  return null;
}

/** In these a line feed may be a part of another character, or a mark changes what follows it. */
const NOT_READ = ['iso-2022-jp', 'replacement', 'x-user-defined'];

function nameOf(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

const SPECIAL: Readonly<Record<string, Encoding>> = Object.assign(Object.create(null), {
  'utf-8': { name: 'utf-8', cut: utf8Cut, ...decodeUtf8, unitBytes: 1 },
  'utf-16le': { name: 'utf-16le', cut: utf16Cut('le'), ...decodeUtf16('le'), unitBytes: 2 },
  'utf-16be': { name: 'utf-16be', cut: utf16Cut('be'), ...decodeUtf16('be'), unitBytes: 2 },
  'windows-1252': {
    name: 'windows-1252',
    cut: (bytes: Uint8Array) => bytes.length,
    decode: decodeWindows1252,
    decodeLeniently: decodeWindows1252,
    unitBytes: 1,
  },
} satisfies Record<string, Encoding>) as Record<string, Encoding>;

const LINE_FEED = 10;

const MANY_BYTES = ['gbk', 'gb18030', 'big5', 'euc-jp', 'shift_jis', 'euc-kr'];

/** In all others a line feed is one byte, and that byte nothing else: what ends with it can be decoded by itself. */
function asciiCompatible(name: string): Encoding {
  const strict = new TextDecoder(name, { fatal: true });
  const lenient = new TextDecoder(name);
  const needsLineEnd = MANY_BYTES.includes(name);
  return {
    name,
    needsLineEnd,
    cut: (bytes) => (needsLineEnd ? bytes.lastIndexOf(LINE_FEED) + 1 : bytes.length),
    decode: (bytes) => strict.decode(bytes),
    decodeLeniently: (bytes) => lenient.decode(bytes),
    unitBytes: 1,
  };
}
