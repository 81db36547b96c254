import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';

/**
 * The checksums of a finished run's files, in the form of coreutils: `sha256sum -c SHA256SUMS` checks a copy of the set wherever it
 * goes. It names no file that is measured or goes on to grow.
 */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/** Path inside the run folder → SHA-256. */
export type Checksums = ReadonlyMap<string, string>;

export async function writeChecksums(files: Files, folder: string, sums: Checksums): Promise<void> {
  const names = [...sums.keys()].sort();
  const lines = names.map((name) => `${sums.get(name)}  ${name}\n`);
  await writeAtomic(files, join(folder, CHECKSUMS_FILE), lines.join(''));
}

/** Null where there is no such file. Throws ERR_DATA_INVALID naming the line that is no checksum, and ERR_IO_READ. */
export async function readChecksums(files: Files, folder: string): Promise<Checksums | null> {
  const file = join(folder, CHECKSUMS_FILE);
  if (!(await files.stat(file))) return null;
  const lines = Buffer.from(await readWhole(files, file))
    .toString()
    .split('\n');
  const end = lines.pop();
  const sums = new Map<string, string>();
  for (const [at, line] of [...lines, ...(end === '' ? [] : [end!])].entries()) {
    const [, sha256, name] = LINE.exec(line) ?? [];
    const isLast = at === lines.length;
    if (sha256 && name && !sums.has(name) && !isLast) sums.set(name, sha256);
    else throw notAChecksum(file, at + 1);
  }
  return sums;
}

const LINE = /^([0-9a-f]{64}) {2}(.+)$/;

function notAChecksum(file: string, line: number): ScaleQuestError {
  const message =
    'expected a SHA-256, two spaces and the name of a file, each once. Start the same command again: it writes the file anew.';
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file, line } });
}
