import { type HashedFile, type WrittenFile, hashedFile, publish, removeQuietly } from './atomicFile.js';
import type { Files } from './files.js';

/** A file that is written in pieces, and has its name when it is whole. Before its first piece nothing is on the disk. */
export interface StreamedFile {
  /** Throws ERR_IO_WRITE. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable under its name. Throws ERR_IO_WRITE. */
  finish(): Promise<Omit<WrittenFile, 'rows'>>;
  /** Removes what was written, unless it is finished. */
  abort(): Promise<void>;
}

/** A crash, or an error before `finish`, leaves the file that was there before, and at most a temporary one. */
export function openStreamedFile(files: Files, path: string, temporary: string): StreamedFile {
  let open: HashedFile | null = null;

  async function opened(): Promise<HashedFile> {
    return (open ??= hashedFile(await files.open(temporary, 'write')));
  }

  return {
    async write(bytes) {
      const file = await opened();
      await file.write(bytes);
    },
    async finish() {
      const file = await opened();
      await file.sync();
      open = null;
      try {
        await file.close();
        await publish(files, temporary, path);
      } catch (error) {
        await removeQuietly(files, temporary);
        throw error;
      }
      return file.written();
    },
    async abort() {
      const file = open;
      if (!file) return;
      open = null;
      await file.close().catch(() => {});
      await removeQuietly(files, temporary);
    },
  };
}
