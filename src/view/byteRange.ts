/** Bytes of a file: from the first on, to before `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A read of more than this is answered in part, so that no page makes the server hold more. */
export const RANGE_BYTES_MAX = 16 << 20;

/**
 * What a Range header asks of a file of `size` bytes: `whole` without one, or with one that is not understood, as HTTP has it; null where
 * no byte of the file is asked for. Several ranges at once are not understood.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'whole' | null {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return 'whole';
  const [, first, last] = found as unknown as [string, string, string];
  if (first === '') {
    const length = Math.min(Number(last), size, RANGE_BYTES_MAX);
    return length > 0 ? { start: size - length, end: size } : null;
  }
  const start = Number(first);
  if (start >= size || (last !== '' && Number(last) < start)) return null;
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  return { start, end: Math.min(end, start + RANGE_BYTES_MAX) };
}
