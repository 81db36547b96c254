/** Bytes of a reply's key; in memory it is a string of as many characters of 0-255. */
export const KEY_BYTES = 16;

const keyScratch = Buffer.alloc(KEY_BYTES);

/** A key's bytes, valid until the next call: for one call of the database, which copies them. */
export function keyBytes(key: string): Buffer {
  keyScratch.write(key, 'latin1');
  return keyScratch;
}

/** Replies of one run; `texts` has them one after the other, in UTF-8. */
export interface Replies {
  run: string;
  keys: readonly string[];
  /** Where each text begins in `texts`, and where the last one ends. */
  starts: readonly number[];
  texts: Buffer;
}

export function textAt({ starts, texts }: Pick<Replies, 'starts' | 'texts'>, at: number): string {
  return texts.toString('utf8', starts[at]!, starts[at + 1]!);
}

/** Joins replies of one run. */
export function joinReplies(parts: readonly Replies[]): Replies {
  const starts = [0];
  for (const { starts: own } of parts) {
    const before = starts.at(-1)!;
    for (let at = 1; at < own.length; at++) starts.push(before + own[at]!);
  }
  const keys = parts.flatMap((part) => part.keys);
  return { run: parts[0]!.run, keys, starts, texts: Buffer.concat(parts.map(({ texts }) => texts)) };
}

/**
 * Splits replies into pieces whose texts have at least `pieceBytes` bytes, and less than twice that plus one text. Fewer bytes
 * stay one piece.
 */
export function splitReplies({ run, keys, starts, texts }: Replies, pieceBytes: number): Replies[] {
  const pieces: Replies[] = [];
  let first = 0;
  for (let next = 1; next <= keys.length; next++) {
    const base = starts[first]!;
    const isPiece = starts[next]! - base >= pieceBytes && texts.length - starts[next]! >= pieceBytes;
    if (!isPiece && next < keys.length) continue;
    pieces.push({
      ...{ run, keys: keys.slice(first, next), texts: texts.subarray(base, starts[next]) },
      starts: starts.slice(first, next + 1).map((start) => start - base),
    });
    first = next;
  }
  return pieces;
}
