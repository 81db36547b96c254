import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Files, type OpenFile, fileError, nodeFiles } from '../../../src/io/files/files.js';

/** A folder of the test's own, removed after it. */
export async function testFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scalequest-io-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export type Call = `${'open' | 'write' | 'sync' | 'close' | 'rename' | 'unlink' | 'syncFolder'} ${string}`;

/**
 * The real file system, listing the calls that change something; the call for which `failing` gives an error
 * number fails with it and does nothing; but a `close` that fails closes, as the system's does.
 */
export function watchedFiles(failing: (call: Call, nth: number) => string | null = () => null): {
  files: Files;
  calls: Call[];
} {
  const calls: Call[] = [];
  function note(call: Call, path: string): void {
    calls.push(call);
    const errno = failing(call, calls.length - 1);
    if (errno) throw fileError('ERR_IO_WRITE', path, Object.assign(new Error(errno), { code: errno }));
  }
  function watch(path: string, file: OpenFile): OpenFile {
    const name = path.split('/').at(-1)!;
    return {
      ...file,
      write: async (bytes) => (note(`write ${name}`, path), file.write(bytes)),
      sync: async () => (note(`sync ${name}`, path), file.sync()),
      close: async () => {
        await file.close();
        note(`close ${name}`, path);
      },
    };
  }
  const files: Files = {
    ...nodeFiles,
    open: async (path, mode) => {
      note(`open ${path.split('/').at(-1)!}`, path);
      return watch(path, await nodeFiles.open(path, mode));
    },
    rename: async (from, to) => (note(`rename ${to.split('/').at(-1)!}`, to), nodeFiles.rename(from, to)),
    unlink: async (path) => (note(`unlink ${path.split('/').at(-1)!}`, path), nodeFiles.unlink(path)),
    syncFolder: async (path) => (
      note(`syncFolder ${path.split('/').at(-1)!}`, path),
      nodeFiles.syncFolder(path)
    ),
  };
  return { files, calls };
}
