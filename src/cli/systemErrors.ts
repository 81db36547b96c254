import { ScaleQuestError } from '../errors.js';
import { fileError } from '../run/systemWorld.js';

/** Errors of the system that are never bugs of ours. */
const REFUSALS = ['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'];

/** Gives a code to what the system refuses outside our own file calls, such as loading a module. Null for other errors. */
export function asSystemError(error: unknown): ScaleQuestError | null {
  const { code = '', syscall, path = 'a file', message } = (error ?? {}) as NodeJS.ErrnoException;
  if (REFUSALS.includes(code) && syscall) return fileError('ERR_IO_READ', path, error);
  // Where a thread cannot start, Node says why in words alone.
  const refusal = code === 'ERR_WORKER_INIT_FAILED' && REFUSALS.find((each) => message.endsWith(each));
  if (refusal) return fileError('ERR_IO_READ', 'the code of a thread', { code: refusal, cause: error });
  if (error instanceof RangeError && NO_MEMORY.test(message)) return noMemory(error);
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

/** A process has a limit on its addresses (`ulimit -v`), and V8 reserves some GiB of them for each WebAssembly memory. */
const NO_MEMORY = /Cannot allocate Wasm memory|Array buffer allocation failed/;

function noMemory(cause: RangeError): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_IO_READ',
    `the system gives this process no more memory (${cause.message}). Raise the limit of its addresses ` +
      '(`ulimit -v`), or free some memory',
    { cause },
  );
}

/** With too few file descriptors Node says of a module only that it is not found. */
const OPEN_FILES_FEW = 256;

function openFilesLimit(): number | null {
  const report = process.report?.getReport() as
    { userLimits?: { open_files?: { soft: unknown } } } | undefined;
  const limit = report?.userLimits?.open_files?.soft;
  return limit === undefined || limit === 'unlimited' ? null : Number(limit);
}

/**
 * A reader of our output may go away (`| head`): the command goes on without it. Any other failure to print, such as a full
 * disk, is reported at the end.
 */
export function hearOutput(
  stream: NodeJS.WriteStream,
  onFailure: (error: NodeJS.ErrnoException) => void,
): void {
  // Calling it twice in one process must not report twice.
  if (stream.listeners('error').some((listener) => HEARING.has(listener))) return;
  const hear = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') onFailure(error);
  };
  HEARING.add(hear);
  stream.on('error', hear);
}

const HEARING = new WeakSet<object>();
