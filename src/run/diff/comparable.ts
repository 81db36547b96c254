import type { CommittedRows } from './readRun.js';

/** A setting that two runs have otherwise, as JSON; null where one of them lacks it. */
export interface SettingChange {
  /** Its path in the pipeline file, such as `steps.respond.options.n`; a text stands there as its hash. */
  path: string;
  /** In the first run. */
  a: string | null;
  /** In the second run. */
  b: string | null;
}

/** The settings that decide rows, as far as two runs differ in them. */
export function settingChanges(a: CommittedRows, b: CommittedRows): SettingChange[] {
  const [before, now] = [new Map(Object.entries(a.run.parts)), new Map(Object.entries(b.run.parts))];
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((path) => before.get(path) !== now.get(path))
    .map((path) => ({ path, a: before.get(path) ?? null, b: now.get(path) ?? null }));
}

/**
 * Why position 7 of one run is not position 7 of the other, in sentences; empty where rows can be compared one by one. A source of
 * files gives the same rows under any seed; questions from nothing are others under another seed.
 */
export function whyNotComparable(a: CommittedRows, b: CommittedRows): string[] {
  const reasons: string[] = [];
  const sources = settingChanges(a, b).filter(({ path }) => isOfSource(path, a) || isOfSource(path, b));
  const [first] = sources;
  if (first)
    reasons.push(
      `They read different sources (${first.path}: ${first.a ?? 'absent'} and ${first.b ?? 'absent'}), so equal positions ` +
        'are not the same row.',
    );
  if (a.run.seed !== b.run.seed && !readsFiles(a) && !readsFiles(b))
    reasons.push(
      `Their seeds are ${a.run.seed} and ${b.run.seed}, and their questions are made from nothing, so equal positions ` +
        'are not the same row.',
    );
  for (const { folder, columns, kept } of [a, b])
    if (kept > 0 && !columns.some(({ name }) => name === 'seq'))
      reasons.push(
        `The set of ${folder} has no column seq (\`output.columns\` leaves it out), so its rows have no position.`,
      );
  return reasons;
}

/** Names of the formats that a run reads. */
function formatsOf({ run }: CommittedRows): string[] {
  const names = Object.keys(run.parts).flatMap((path) => /^source\.(\w+)\./.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}

function readsFiles(run: CommittedRows): boolean {
  return formatsOf(run).some((name) =>
    Object.keys(run.run.parts).some((path) => path.startsWith(`files.${name}.`)),
  );
}

/** Where the same files lie does not matter; their contents have hashes. */
function isOfSource(path: string, run: CommittedRows): boolean {
  if (path.startsWith('source.')) return !/\.path(\.\d+)?$/.test(path);
  return formatsOf(run).some((name) => path.startsWith(`files.${name}.`));
}
