import { dirname } from 'node:path';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { ScaleQuestError } from '../../errors.js';

/**
 * The file system as this framework uses it. Everything in src/io takes it as an argument, so that a
 * simulation can fail any call. Failures are ScaleQuestErrors (ERR_IO_READ, ERR_IO_WRITE) with the system's
 * error as cause.
 */
export interface Files {
  /** Tells the temporary files of several writers of one folder apart; absent where there is one. */
  readonly writer?: string;
  /** `write` makes the file anew, `exclusive` fails with EEXIST where it exists, `append` writes at its end; `read` needs it. */
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Replaces `to` in one step, where both are in one file system. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes the parents too. A folder that exists is fine. */
  mkdir(path: string): Promise<void>;
  /** Names in byte order. */
  readdir(path: string): Promise<string[]>;
  /** Null where nothing exists. */
  stat(path: string): Promise<FileStat | null>;
  /** Makes renames and new files in the folder durable. */
  syncFolder(path: string): Promise<void>;
}

export type OpenMode = 'read' | 'write' | 'append' | 'exclusive';

export interface FileStat {
  sizeBytes: number;
  isFolder: boolean;
  /** The same for each path that leads to the same file, through links too; absent where the file system has none. */
  id?: string;
}

export interface OpenFile {
  /** Writes all of `bytes` at the end of the file. */
  write(bytes: Uint8Array): Promise<void>;
  /** Reads `lengthBytes` from `positionBytes`, or fewer at the end of the file. */
  read(positionBytes: number, lengthBytes: number): Promise<Uint8Array>;
  truncate(sizeBytes: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The real file system. */
export const nodeFiles: Files = {
  open: openNodeFile,
  rename: (from, to) => writing(to, () => rename(from, to)),
  unlink: (path) => writing(path, () => unlink(path)),
  mkdir: (path) => writing(path, () => makeFolder(path)),
  readdir: (path) => reading(path, async () => (await readdir(path)).sort(byCodeUnits)),
  stat: (path) => reading(path, () => statOrNull(path)),
  syncFolder: (path) => writing(path, () => syncNodeFolder(path)),
};

/** The whole file. */
export async function readWhole(files: Files, path: string): Promise<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    const size = (await files.stat(path))?.sizeBytes ?? 0;
    return await file.read(0, size);
  } finally {
    await file.close();
  }
}

/** Orders strings as `<` does, which is the same on every machine, unlike a locale's order. */
export function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function openNodeFile(path: string, mode: OpenMode): Promise<OpenFile> {
  const guard = mode === 'read' ? reading : writing;
  const handle = await guard(path, () => (mode === 'read' ? openToRead(path) : open(path, FLAGS[mode])));
  return {
    write: (bytes) => writing(path, () => writeAll(handle, bytes)),
    read: (positionBytes, lengthBytes) => reading(path, () => readAll(handle, positionBytes, lengthBytes)),
    truncate: (sizeBytes) => writing(path, () => handle.truncate(sizeBytes)),
    sync: () => writing(path, () => handle.sync()),
    close: () => guard(path, () => handle.close()),
  };
}

/**
 * A pipe or a device has no size, cannot be read twice, and may have no end or never begin. Without the flag the opening of a pipe waits
 * for somebody who writes into it, and with it the end of the process.
 */
async function openToRead(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const found = await handle.stat();
  if (found.isFile() || found.isDirectory()) return handle;
  await handle.close();
  throw new ScaleQuestError(
    'ERR_IO_READ',
    `cannot read ${path}: it is a pipe or a device, expected a file, which is read more than once. Write what it gives into a file first`,
    { data: { path } },
  );
}

const FLAGS: Record<Exclude<OpenMode, 'read'>, number | string> = {
  write: 'w',
  exclusive: 'wx',
  append: constants.O_RDWR | constants.O_CREAT | constants.O_APPEND,
};

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
}

async function readAll(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

async function statOrNull(path: string): Promise<FileStat | null> {
  try {
    const found = await stat(path);
    const id = `${found.dev}:${found.ino}`;
    return { sizeBytes: found.size, isFolder: found.isDirectory(), ...(found.ino > 0 ? { id } : {}) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A link that leads to itself leads nowhere.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return null;
    throw error;
  }
}

async function syncNodeFolder(path: string): Promise<void> {
  // Windows cannot open folders; its renames are durable without.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function reading<T>(path: string, action: () => Promise<T>): Promise<T> {
  return action().catch((error: unknown) => {
    throw fileError('ERR_IO_READ', path, error);
  });
}

function writing<T>(path: string, action: () => Promise<T>): Promise<T> {
  return action().catch((error: unknown) => {
    throw fileError('ERR_IO_WRITE', path, error);
  });
}

/** Makes an error of the file system one that names the file and says what to do; also for other implementations of Files. */
export function fileError(
  code: 'ERR_IO_READ' | 'ERR_IO_WRITE',
  path: string,
  cause: unknown,
): ScaleQuestError {
  if (cause instanceof ScaleQuestError) return cause;
  const { code: errno = 'unknown', message = String(cause) } = cause as Partial<NodeJS.ErrnoException>;
  const action = code === 'ERR_IO_READ' ? 'read' : 'write';
  const advice = ADVICE.get(errno) ?? message;
  return new ScaleQuestError(code, `cannot ${action} ${path} (${errno}): ${advice}`, {
    cause,
    data: { path, errno },
  });
}

const FREE_SPACE = 'Free some space and start the same command again; it goes on from its last commit';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', `the disk is full. ${FREE_SPACE}`],
  ['EDQUOT', `the disk quota is used up. ${FREE_SPACE}`],
  [
    'EACCES',
    'permission denied. Check the owner and the mode of the file and its folder, or choose another folder',
  ],
  [
    'EPERM',
    'not permitted. Check the owner and the mode of the file and its folder, or choose another folder',
  ],
  ['EROFS', 'the file system is read-only. Choose another folder'],
  ['ENOENT', 'nothing is there. Check the path'],
  ['ENAMETOOLONG', 'the path or a name in it is too long. Choose a shorter one'],
  ['ELOOP', 'its links lead in a circle. Correct them'],
  ['ENOTDIR', 'a part of the path is a file, expected a folder. Check the path'],
  ['EISDIR', 'a folder is there, expected a file. Check the path'],
  [
    'EMFILE',
    'too many open files in this process. Raise the limit (`ulimit -n`) or lower requestsInFlightMax',
  ],
  ['ENFILE', 'too many open files on this machine. Raise the limit of the system'],
  ['EXDEV', 'the temporary file is on another file system. Mount the folder as one file system'],
  ['EIO', 'the device reports a failure. Check the disk (`dmesg`) before anything else'],
]);

/** Node's own recursive mkdir never ends where a file system refuses new folders by ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || (await exists(parent))) throw error;
    await makeFolder(parent);
    await mkdir(path);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
