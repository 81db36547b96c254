import { type CardExport, type CardPicture, writeCard } from '../../io/runFolder/card.js';
import { contentsOf, totalsOf } from '../../io/runFolder/commits.js';
import type { Files } from '../../io/files/files.js';
import type { RunFolder } from '../../io/runFolder/runFolder.js';
import type { Plan } from '../../pipeline/plan.js';
import { filledRemover } from '../../train/environment.js';
import { printFigures } from './figures.js';
import type { Report } from './report.js';

/**
 * Writes the data set card of a run. Without `end` it is the one of a run that goes on: with it the folder loads as the rows
 * that are committed so far.
 */
export async function writeRunCard(
  files: Files,
  plan: Plan,
  folder: RunFolder,
  end?: { report: Report; exports: readonly CardExport[]; pictures: readonly CardPicture[] },
): Promise<void> {
  await writeCard(files, folder.path, {
    name: plan.name,
    // Secrets that the environment filled in go back to their `${NAME}`.
    summary: plan.settings.summary && filledRemover(plan.filled)(plan.settings.summary),
    rows: totalsOf(folder).kept,
    contents: contentsOf(folder),
    columns: plan.columns,
    pipelineText: plan.text,
    ...(end && {
      exports: end.exports,
      pictures: end.pictures,
      funnel: funnelOf(end.report),
      figures: printFigures(end.report.figures),
    }),
  });
}

function funnelOf({ funnel }: Report) {
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return funnel.map(({ step, rowsIn, kept, dropped, rejected }) => ({
    ...{ step, rowsIn, kept },
    dropped: sum(dropped),
    rejected: sum(rejected),
  }));
}
