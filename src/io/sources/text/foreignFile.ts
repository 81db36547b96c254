import { ScaleQuestError } from '../../../errors.js';

/** What the first bytes of files of other kinds look like. No text begins so. */
const OTHERS: readonly { what: string; magic: readonly number[]; advice: string }[] = [
  { what: 'a Parquet file', magic: [0x50, 0x41, 0x52, 0x31], advice: 'Name it under `source.parquet`' },
  {
    what: 'a zip archive',
    magic: [0x50, 0x4b, 0x03, 0x04],
    advice: 'Unpack it; single files may be .gz or .zst',
  },
  { what: 'a bzip2 file', magic: [0x42, 0x5a, 0x68], advice: 'Unpack it, or compress it as .gz or .zst' },
  {
    what: 'an xz file',
    magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    advice: 'Unpack it, or compress it as .gz or .zst',
  },
  { what: 'an Arrow file', magic: [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], advice: 'Write it as Parquet' },
];

/** Refuses, by their first bytes, files that are no text. Throws ERR_DATA_INVALID. */
export function assertText(file: string, head: Uint8Array): void {
  const other = OTHERS.find(({ magic }) => magic.every((byte, at) => head[at] === byte));
  if (!other) return;
  const message = `found ${other.what}, expected a text file. ${other.advice}.`;
  throw new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file } });
}
