import { ScaleQuestError } from '../../../errors.js';

/** Bytes that tables may take together. They ask before they allocate, so that nothing is half done when it is refused. */
export interface MemoryBudget {
  /** Throws ERR_MEMORY if the budget does not allow it. */
  take(bytes: number): void;
  release(bytes: number): void;
  allows(bytes: number): boolean;
  readonly bytes: number;
}

/**
 * A budget of `memoryMiB`.
 *
 * @param what - Who holds how much, for the message: `the 12,000,000 questions of deduplicate`.
 */
export function createMemoryBudget(memoryMiB: number, what: () => string): MemoryBudget {
  const bytesMax = memoryMiB * BYTES_PER_MIB;
  let bytes = 0;
  return {
    take(more) {
      if (bytes + more > bytesMax) throw refused(memoryMiB, what());
      bytes += more;
    },
    allows: (more) => bytes + more <= bytesMax,
    release(less) {
      bytes -= less;
    },
    get bytes() {
      return bytes;
    },
  };
}

export const BYTES_PER_MIB = 1024 * 1024;

function refused(memoryMiB: number, what: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_MEMORY',
    `${what} take all of memoryMiB (${memoryMiB}). What is committed stays: raise memoryMiB by as much as there are rows to ` +
      'come, which changes no row, and run again to go on.',
    { data: { memoryMiB } },
  );
}
