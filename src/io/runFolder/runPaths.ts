/** Names of files and folders inside a run folder. */

export const MANIFEST_FILE = 'manifest.jsonl';
export const SHARDS_FOLDER = 'shards';
export const REJECTS_FOLDER = 'rejects';
export const STATE_FOLDER = 'state';

export const PERFORMANCE_FILE = 'performance.json';
/** The page for people; it holds measured times, so no other run has the same. */
export const REPORT_PAGE = 'report.html';
/** The pictures of the card. */
export const PICTURES_FOLDER = 'pictures';

/** The folders whose files the manifest names. */
export const COMMIT_FOLDERS = [SHARDS_FOLDER, REJECTS_FOLDER, STATE_FOLDER];

/** Path of a commit's shard inside the run folder. */
export function shardFile(index: number): string {
  return `${SHARDS_FOLDER}/shard-${`${index}`.padStart(5, '0')}.parquet`;
}

/** Path of a commit's table of lost rows inside the run folder. */
export function rejectsFile(index: number): string {
  return `${REJECTS_FOLDER}/rejects-${`${index}`.padStart(5, '0')}.parquet`;
}

/** Path of the state that stateful steps added in a commit, inside the run folder. */
export function stateFile(index: number): string {
  return `${STATE_FOLDER}/state-${`${index}`.padStart(5, '0')}.bin`;
}

/** The name of a temporary file without its writer's name. */
export function withoutWriter(name: string): string {
  return name.replace(/\.[0-9a-f]{8}\.tmp$/, '.tmp');
}

/** Whether a file in one of the commit folders is a run's own, by its name: the run may remove it. */
export function isCommitFile(name: string): boolean {
  return /^((shard|rejects)-\d{5,}\.parquet|state-\d{5,}\.bin)(\.tmp)?$/.test(withoutWriter(name));
}

/** Whether a file beside the commit folders is what a crash leaves of a file that was not whole yet. */
export function isCrashRemainder(name: string): boolean {
  return CRASH_REMAINDERS.includes(withoutWriter(name)) || (name.endsWith('.tmp') && isCommitFile(name));
}

/** The commit at which a data set of a hub is read. */
export const HUB_FILE = 'hub.json';

/** What a run with a budget has spent. */
export const BUDGET_FILE = 'budget.json';

const CRASH_REMAINDERS = [
  ...[
    MANIFEST_FILE,
    'run.lock',
    'pipeline.yaml',
    'report.json',
    PERFORMANCE_FILE,
    REPORT_PAGE,
    BUDGET_FILE,
    HUB_FILE,
    'sample.jsonl',
    'README.md',
    'SHA256SUMS',
  ].map((name) => `${name}.tmp`),
  'run.lock.takeover',
];
