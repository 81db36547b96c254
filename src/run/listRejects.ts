import { nodeFiles } from '../io/files/files.js';
import { readRejects } from '../io/runFolder/readRejects.js';
import type { RejectRow } from '../io/runFolder/rejectsWriter.js';

/** A row that a run lost, as it stands in the table of lost rows. */
export type LostRowExample = Omit<RejectRow, 'step' | 'kind' | 'reason'>;

/** The rows that one step lost for one reason. */
export interface LostRows {
  /** The label of the step. */
  step: string;
  /** A filter drops a row; an error rejects it. */
  kind: 'dropped' | 'rejected';
  /** The reason of the filter, or the code of the error. */
  reason: string;
  /** How many there are. */
  rows: number;
  /** The first of them. */
  examples: LostRowExample[];
}

/** Options of `listRejects`. */
export interface ListRejectsOptions {
  /** Only rows that this step lost. */
  step?: string | undefined;
  /** Only rows that were lost for this reason. */
  reason?: string | undefined;
  /**
   * Examples of each reason.
   * @default 3
   */
  examples?: number;
}

/**
 * Why a run lost rows, the commonest reason first, with examples. It holds the examples alone, however many rows were lost.
 *
 * @throws ERR_RUN_FOLDER for a folder without a run, ERR_DATA_INVALID for a damaged file.
 */
export async function listRejects(
  folder: string,
  { step, reason, examples = 3 }: ListRejectsOptions = {},
): Promise<LostRows[]> {
  const groups = new Map<string, LostRows>();
  for await (const row of readRejects(nodeFiles, folder)) {
    if ((step !== undefined && row.step !== step) || (reason !== undefined && row.reason !== reason))
      continue;
    const { step: by, kind, reason: why, ...example } = row;
    const key = JSON.stringify([by, kind, why]);
    const group = groups.get(key) ?? { step: by, kind, reason: why, rows: 0, examples: [] };
    groups.set(key, group);
    group.rows += 1;
    if (group.examples.length < examples) group.examples.push(example);
  }
  return [...groups.values()].sort((a, b) => b.rows - a.rows);
}
