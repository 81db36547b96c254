/** What is wrong with a file of a run folder. */
export interface Finding {
  /** Path inside the run folder. */
  file: string;
  /** `damaged`: rows or what a run goes on from; `changed`: what the same command writes anew, or what only people read. */
  kind: 'damaged' | 'changed';
  /** What was found, and what was expected. */
  problem: string;
  /** What to do. */
  advice: string;
}

/** Finds things, the first of each file. */
export interface Findings {
  add(finding: Finding): void;
  has(file: string): boolean;
  /** In the order found. */
  all(): Finding[];
}

export function createFindings(): Findings {
  const byFile = new Map<string, Finding>();
  return {
    add: (finding) => void (byFile.has(finding.file) || byFile.set(finding.file, finding)),
    has: (file) => byFile.has(file),
    all: () => [...byFile.values()],
  };
}

const AGAIN = 'Start the same `scalequest run` again: it writes the file anew';

/** What to do about files that can be written anew, or that nothing reads, by the last part of their path. */
const ADVICE: Readonly<Record<string, string>> = {
  'README.md': `If you edited it, all is well. ${AGAIN}`,
  'log.jsonl': 'It is for people, and nothing reads it: leave it, or remove it',
  'performance.json': 'It says what the last start took, and nothing reads it: leave it, or remove it',
  'report.html': 'It is for people, and nothing reads it: `scalequest report` writes it anew',
  'budget.json':
    'What the run has spent is not known by it: restore it from a copy, or remove it, and what log.jsonl tells counts',
  'run.lock': 'If no process works in this folder, remove it',
  'train.json':
    'It is unknown whether a training was launched here: look into its folder, then move it away, or restore it from a copy',
};

/** A file that is not as it was written, though no row of the set is lost with it. */
export function changed(file: string, problem: string): Finding {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return { file, kind: 'changed', problem, advice: Object.hasOwn(ADVICE, name) ? ADVICE[name]! : AGAIN };
}

/** A file that the manifest names. */
export function damagedCommit(file: string, problem: string): Finding {
  const advice =
    'Restore it from a copy of the folder. Without one, `--replay` tells whether its rows follow from the stored replies: then ' +
    '`scalequest run` with --fresh makes them again beside this run, and asks for nothing twice';
  return { file, kind: 'damaged', problem, advice };
}
