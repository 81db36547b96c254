import type { Files, OpenFile } from '../files/files.js';

/**
 * The file system for a process that holds a run folder, which another machine's process may take over at any moment, also while
 * this one stands still between two calls. `assertHeld` throws once the lock is another's. Three rules keep the older process from
 * changing anything that the newer one has written:
 *
 * - Temporary files bear the name of their writer. The newer process removes those of the older one right after it took the lock,
 *   so a rename whose check came before that finds no file to rename, and one whose check comes later fails.
 * - A file to append to is checked once it is open. The newer process replaces such files by copies of the same name, so what
 *   passed the check is the older file, which nobody reads any more.
 * - It is checked again after each flush: what was flushed before the lock went is in the copy, and only that is reported.
 *
 * A removal has no such rule, because it has no second name: one that stands still behind its check removes what has the name by
 * then. Only the files that are made again by the next start (SHA256SUMS, exports) and remainders of a crash are ever removed.
 */
export function fencedFiles(files: Files, writer: string, assertHeld: () => Promise<void>): Files {
  const own = `.${writer}.tmp`;
  return {
    ...files,
    writer,
    async open(path, mode) {
      const file = await files.open(path, mode);
      if (mode !== 'append') return file;
      await assertHeld().catch((error: unknown) => closeAndThrow(file, error));
      return { ...file, sync: () => file.sync().then(assertHeld) };
    },
    async rename(from, to) {
      await assertHeld();
      await files.rename(from, to);
    },
    async unlink(path) {
      if (!path.endsWith(own)) await assertHeld();
      await files.unlink(path);
    },
  };
}

async function closeAndThrow(file: OpenFile, error: unknown): Promise<never> {
  await file.close().catch(() => {});
  throw error;
}
