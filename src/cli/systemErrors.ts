import { ScaleQuestError } from '../errors.js';
import { fileError } from '../run/systemWorld.js';

/** Never a mistake of ours. */
const REFUSALS = ['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'];

/** What the system refuses where none of ours asked, as for a module that is loaded or a thread. Null for anything else. */
export function asSystemError(error: unknown): ScaleQuestError | null {
  const { code = '', syscall, path = 'a file' } = (error ?? {}) as NodeJS.ErrnoException;
  if (REFUSALS.includes(code) && syscall) return fileError('ERR_IO_READ', path, error);
  if (code !== 'ERR_MODULE_NOT_FOUND') return null;
  const openFilesMax = openFilesLimit();
  if (openFilesMax === null || openFilesMax >= OPEN_FILES_FEW) return null;
  return new ScaleQuestError(
    'ERR_IO_READ',
    `a part of scalequest cannot be loaded, and this process may have only ${openFilesMax} files open. Raise the limit ` +
      '(`ulimit -n`), or install it again',
    { cause: error },
  );
}

/** Node says of a module that it cannot open only that it is not there. */
const OPEN_FILES_FEW = 256;

function openFilesLimit(): number | null {
  const report = process.report?.getReport() as
    { userLimits?: { open_files?: { soft: unknown } } } | undefined;
  const limit = report?.userLimits?.open_files?.soft;
  return limit === undefined || limit === 'unlimited' ? null : Number(limit);
}

/**
 * Whoever reads what we print may go away (`| head`): the command goes on without. Any other failure to print, as on a full
 * disk, is told at its end.
 */
export function hearOutput(
  stream: NodeJS.WriteStream,
  onFailure: (error: NodeJS.ErrnoException) => void,
): void {
  // A second call in one process changes nothing.
  if (stream.listeners('error').some((listener) => HEARING.has(listener))) return;
  const hear = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') onFailure(error);
  };
  HEARING.add(hear);
  stream.on('error', hear);
}

const HEARING = new WeakSet<object>();
