import type { AsyncBuffer } from 'hyparquet';
import { Damage } from '../../files/damage.js';
import { ScaleQuestError } from '../../../errors.js';

const MAGIC = 'PAR1';
const ENCRYPTED_MAGIC = 'PARE';
/** Magic, an empty footer, its length, magic. */
const FILE_BYTES_MIN = 12;
const SHOWN_BYTES = 24;

/**
 * Looks at both ends of a file, and gives the length of its footer in bytes. Throws ERR_DATA_INVALID for one that is no Parquet
 * file, and Damage for one that is cut off.
 */
export async function footerBytesOf(path: string, file: AsyncBuffer): Promise<number> {
  const { byteLength } = file;
  if (byteLength === 0) throw noParquet(path, 'no byte', 'Fetch or write the file again');
  const head = Buffer.from(await file.slice(0, Math.min(SHOWN_BYTES, byteLength))).toString('latin1');
  if (head.startsWith(ENCRYPTED_MAGIC))
    throw noParquet(path, 'an encrypted Parquet file', 'Write it without encryption');
  if (!head.startsWith(MAGIC))
    throw noParquet(path, `a file that begins with ${JSON.stringify(head)}`, ADVICE);
  const tail = Buffer.from(await file.slice(Math.max(0, byteLength - 8), byteLength));
  if (byteLength < FILE_BYTES_MIN || tail.toString('latin1', 4) !== MAGIC)
    throw new Damage('it begins as Parquet and does not end so, as a file that is cut off');
  const footerBytes = tail.readUInt32LE(0);
  if (footerBytes > byteLength - FILE_BYTES_MIN + 4)
    throw new Damage(`its footer says that it has ${footerBytes} bytes, more than the file`);
  return footerBytes;
}

const ADVICE =
  'Text belongs under `source.jsonl`, `source.json`, `source.csv` or `source.tsv`; a few hundred bytes that begin with ' +
  '"version https://git-lfs" stand for a file that was not fetched (`git lfs pull`)';

function noParquet(file: string, found: string, advice: string): ScaleQuestError {
  return new ScaleQuestError('ERR_DATA_INVALID', `found ${found}, expected a Parquet file. ${advice}.`, {
    at: { file },
  });
}
