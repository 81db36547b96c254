import type { Files, OpenFile } from '../../../src/io/files/files.js';
import type { Operation } from './crashingFiles.js';

/** Awaited before each call of one process to a file system that it shares with others. */
export type Pause = (operation: Pick<Operation, 'kind' | 'path'>) => Promise<void>;

/** The file system as one of several processes sees it. */
export function pausingFiles(files: Files, pause: Pause): Files {
  const on = <T>(kind: Operation['kind'], path: string, call: () => Promise<T>): Promise<T> =>
    pause({ kind, path }).then(call);

  function paused(file: OpenFile, path: string): OpenFile {
    return {
      write: (bytes) => on('write', path, () => file.write(bytes)),
      read: (at, length) => on('read', path, () => file.read(at, length)),
      truncate: (size) => on('truncate', path, () => file.truncate(size)),
      sync: () => on('sync', path, () => file.sync()),
      close: () => on('close', path, () => file.close()),
    };
  }

  return {
    open: (path, mode) => on('open', path, async () => paused(await files.open(path, mode), path)),
    rename: (from, to) => on('rename', to, () => files.rename(from, to)),
    unlink: (path) => on('unlink', path, () => files.unlink(path)),
    mkdir: (path) => on('mkdir', path, () => files.mkdir(path)),
    readdir: (path) => on('readdir', path, () => files.readdir(path)),
    stat: (path) => on('stat', path, () => files.stat(path)),
    syncFolder: (path) => on('syncFolder', path, () => files.syncFolder(path)),
  };
}
