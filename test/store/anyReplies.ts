import fc from 'fast-check';
import { KEY_BYTES, type Replies } from '../../src/store/replies.js';

/** Replies by key and text, as the store holds them in memory. */
export function repliesOf(run: string, pairs: readonly (readonly [key: string, text: string])[]): Replies {
  const texts = pairs.map(([, text]) => Buffer.from(text));
  const starts = [0];
  for (const text of texts) starts.push(starts.at(-1)! + text.length);
  return { run, keys: pairs.map(([key]) => key), starts, texts: Buffer.concat(texts) };
}

const anyKey = fc
  .uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Texts that UTF-8 can hold: no lone surrogates. */
const anyText = fc.string({ unit: 'grapheme', maxLength: 30 });

export const anyReplies: fc.Arbitrary<Replies> = fc
  .tuple(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.array(fc.tuple(anyKey, anyText), { maxLength: 12 }),
  )
  .map(([run, pairs]) => repliesOf(run, pairs));
