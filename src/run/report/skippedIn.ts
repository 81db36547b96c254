import type { Files } from '../../io/files/files.js';
import { namedSources } from '../../io/sources/registry.js';
import { type SkippedCounter, countSkipped } from '../../io/sources/skippedLines.js';
import { findSkipped } from '../../io/sources/sourceReader.js';
import type { Plan } from '../../pipeline/plan.js';
import type { Report } from './report.js';

/**
 * What a report says of the lines that the source leaves out: nothing where the options leave none out. They are counted up to
 * the last row that was read, so that a resumed run counts as one that was never stopped. `counted`: by a reader that came to
 * the end of the source; else the source is read once more.
 */
export async function skippedIn(
  plan: Pick<Plan, 'settings' | 'folder'>,
  { rowsIn, rowsKept }: Pick<Report, 'rowsIn' | 'rowsKept'>,
  files: Files,
  counted: SkippedCounter | null,
): Promise<Pick<Report, 'skipped'>> {
  const { source, limit, target } = plan.settings;
  if (!namedSources(source).some(({ options }) => leavesOut(options))) return {};
  const isCut = (limit !== undefined && rowsIn >= limit) || (target !== undefined && rowsKept >= target);
  const counter = counted ?? countSkipped();
  if (!counted) await findSkipped(source, plan.folder, files, counter.add);
  return { skipped: counter.before(rowsIn, !isCut) };
}

function leavesOut(options: unknown): boolean {
  return (options as { onBadLine?: unknown }).onBadLine === 'skip';
}
