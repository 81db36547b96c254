import type { CommitSink, Totals } from '../../flow/commitShards.js';
import type { Files } from '../../io/files/files.js';
import { committedStateOf, resumeOf } from '../../io/runFolder/commits.js';
import type { RunFolder } from '../../io/runFolder/runFolder.js';
import { type RunSinkOptions, openRunSink } from '../../io/runFolder/runSink.js';
import type { Resume } from './streamRows.js';

/**
 * Fills an open run folder from its last commit on: `stream` is given where to begin and the sink to commit to. The sink is
 * closed when it ends, however it ends.
 */
export async function fillFolder(
  files: Files,
  folder: RunFolder,
  options: RunSinkOptions,
  stream: (resume: Resume, sink: CommitSink) => Promise<Totals>,
): Promise<Totals> {
  const resume = {
    ...resumeOf(folder),
    restored: (step: string) => committedStateOf(files, folder, step),
  };
  const sink = openRunSink(files, folder, options);
  try {
    return await stream(resume, sink);
  } finally {
    await sink.close();
  }
}
