import { createHash } from 'node:crypto';
import { ScaleQuestError } from '../../../errors.js';
import { type WrittenFile, temporaryPath } from '../../files/atomicFile.js';
import type { Files } from '../../files/files.js';
import { openStreamedFile } from '../../files/streamedFile.js';
import { type StateEntry, type StateFrame, readStateFrames, stateFrameWriter } from './stateFrames.js';

/** Writes what steps add to their states between two commits. */
export interface StateWriter {
  /** Throws ERR_IO_WRITE. */
  write(entries: readonly StateEntry[]): Promise<void>;
  /** Makes the file whole and durable. No entries are no file, and null. Throws ERR_IO_WRITE. */
  finish(): Promise<WrittenFile | null>;
  abort(): Promise<void>;
}

/**
 * Opens a state file: frames, whole or not at all. They are written as they come, so that no more than one a step is in
 * memory. The bytes depend on the entries alone.
 */
export function openStateWriter(
  files: Files,
  path: string,
  temporary = temporaryPath(files, path),
): StateWriter {
  const file = openStreamedFile(files, path, temporary);
  const frames = stateFrameWriter();
  let rows = 0;

  return {
    async write(entries) {
      for (const entry of entries) {
        const frame = frames.add(entry);
        if (frame) await file.write(frame);
      }
      rows += entries.length;
    },
    async finish() {
      if (rows === 0) return null;
      for (const frame of frames.rest()) await file.write(frame);
      return { rows, ...(await file.finish()) };
    },
    abort: file.abort,
  };
}

/** A state file as a commit names it. */
export interface CommittedState {
  path: string;
  sha256: string;
}

/**
 * Reads state files in their order: the entries of one step, in frames, so that a state of any size takes the memory of one
 * frame. Throws ERR_IO_READ, and ERR_DATA_INVALID naming a file that is not as it was written: a run that went on from it would
 * make other rows. It has given entries by then.
 */
export async function* readStates(
  files: Files,
  states: Iterable<CommittedState>,
  step: string,
): AsyncGenerator<StateFrame> {
  for (const { path, sha256 } of states) {
    const hash = createHash('sha256');
    try {
      yield* readStateFrames(hashedPieces(files, path, hash), step);
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('ERR_IO_')) throw error;
      throw damaged(path, error);
    }
    if (hash.digest('hex') !== sha256) throw damaged(path);
  }
}

const PIECE_BYTES = 1 << 18;

async function* hashedPieces(
  files: Files,
  path: string,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    let position = 0;
    for (;;) {
      const piece = await file.read(position, PIECE_BYTES);
      position += piece.length;
      hash.update(piece);
      if (piece.length > 0) yield piece;
      if (piece.length < PIECE_BYTES) return;
    }
  } finally {
    await file.close();
  }
}

function damaged(file: string, cause?: unknown): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    'the state of a run is damaged: its bytes are not the ones that were committed. ' +
      'Restore the file, or start anew beside the run with --fresh.',
    { at: { file }, cause },
  );
}
