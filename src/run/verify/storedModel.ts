import type { Model, ModelStats } from '../../backends/model.js';
import { type ErrorCode, RowError, ScaleQuestError } from '../../errors.js';
import type { RejectRow } from '../../io/runFolder/rejectsWriter.js';

/** A row that an error rejected. */
export type RejectedRow = Pick<RejectRow, 'reason' | 'message' | 'reply'>;

/** Gives the row that an error rejected at a position; undefined where none did. */
export type FindRejected = (seq: number) => Promise<RejectedRow | undefined>;

/** A reply that a replay asked for and the store has not. */
export interface MissingReply {
  model: string;
  /** Position of the row. */
  seq: number;
}

/**
 * A model without a server, to stand behind the store: it knows no reply. A call that failed in the run left no reply either; where
 * the run rejected the row for it, it fails again in the same way. Everything else is missing.
 */
export function storedModel(
  name: string,
  findRejected: FindRejected,
  onMissing: (missing: MissingReply) => void,
): Model {
  async function ask({ seq }: { seq: number }): Promise<never> {
    const before = await findRejected(seq);
    if (before) {
      const { reason, message, reply } = before;
      throw new RowError(reason as ErrorCode, message, reply == null ? {} : { reply });
    }
    onMissing({ model: name, seq });
    throw new ScaleQuestError('ERR_STORE_DAMAGED', `the store has no reply of ${name} for row ${seq}`);
  }

  return {
    name,
    can: { preQuery: true, choose: true, score: true, embed: true, execute: true },
    ...{ complete: ask, choose: ask, score: ask, embed: ask, execute: ask },
    stats: () => NOTHING_ASKED,
    close: async () => {},
  };
}

const NOTHING_ASKED: ModelStats = {
  ...{ requests: 0, retries: 0, failures: 0, inFlight: 0, queued: 0 },
  ...{ promptTokens: 0, completionTokens: 0, memoryPeakBytes: 0 },
};
