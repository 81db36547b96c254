import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import type { Files } from '../../io/files/files.js';
import type { CommitRecord } from '../../io/runFolder/manifest.js';
import { readParquetBlocks } from '../../io/parquet/readParquet.js';
import type { Rejected } from './storedModel.js';

const COLUMNS: readonly Column[] = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'kind', type: 'string', help: '' },
  { name: 'reason', type: 'string', help: '' },
  { name: 'message', type: 'string', help: '' },
  { name: 'reply', type: 'string', help: '', nullable: true },
];

/** The rows of a run that an error rejected, by their position; of several rows of one position the first. Throws ERR_IO_READ. */
export async function readRejected(
  files: Files,
  folder: string,
  commits: readonly CommitRecord[],
): Promise<Rejected> {
  const rejected = new Map<number, { reason: string; message: string; reply: string | null }>();
  const paths = commits.flatMap(({ rejects }) => (rejects ? [join(folder, rejects.file)] : []));
  if (paths.length === 0) return rejected;
  for await (const { values } of readParquetBlocks(files, { paths, columns: COLUMNS })) {
    const [seqs, kinds, reasons, messages, replies] = values as [
      number[],
      string[],
      string[],
      string[],
      (string | null)[],
    ];
    for (const [row, seq] of seqs.entries()) {
      if (kinds[row] !== 'rejected' || rejected.has(seq)) continue;
      rejected.set(seq, { reason: reasons[row]!, message: messages[row]!, reply: replies[row] ?? null });
    }
  }
  return rejected;
}
