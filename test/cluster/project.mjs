// What the tests of clusters share: a pipeline whose servers a cluster starts, and looks into its files and into the processes of
// this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEndpoint } from '../../dist/bench/endpoint/start.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'dist', 'src', 'cli', 'main.js');
export const SERVER = join(ROOT, 'test', 'cluster', 'server.mjs');

const SHORT = { sigma: 0.3, capTokens: 40 };
/** Slow enough that a run lasts while things are killed; replies are a function of the request. */
export const ENDPOINT = {
  slots: 8,
  timeScale: 1,
  stepBaseMs: 12,
  stepPerSlotMs: 0,
  kinds: [
    { pattern: '<\\|im_start\\|>user\\s*$', reply: 'question', lengths: { meanTokens: 9, ...SHORT } },
    { pattern: '', reply: 'solution', lengths: { meanTokens: 24, ...SHORT } },
  ],
};

/**
 * A working folder with a pipeline whose servers a cluster starts. `serve`: more of its options, as YAML. With `logs` each server writes its
 * requests there.
 */
export function makeProject(path, { limit = 400, serve = '', logs = null, command = null } = {}) {
  mkdirSync(join(path, 'servers'), { recursive: true });
  if (logs) mkdirSync(logs, { recursive: true });
  const options = JSON.stringify({ ...ENDPOINT, ...(logs ? { log: logs } : {}) });
  const words = JSON.stringify(command ?? [process.execPath, SERVER, '{port}', options]);
  const lines = [
    ...['name: set', 'seed: 3', `limit: ${limit}`, 'models:', '  solver:', '    openai:'],
    '      model: simulated',
    '      replicasFrom: servers',
    `      serve: { on: cluster, command: ${words}${serve} }`,
    '    template: qwen2-math',
    'source: { windowRows: 64, batchRows: 8 }',
    'steps:',
    '  - generate: { generators: [{ model: solver }], tokensMax: 60 }',
    '  - respond: { model: solver, n: 2, tokensMax: 60 }',
    '  - unnest: { texts: { responses: response } }',
    'output: { shardRows: 40 }',
    '',
  ];
  writeFileSync(join(path, 'set.yaml'), lines.join('\n'));
  return path;
}

export function scalequest(cwd, ...args) {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: 'utf8' });
}

/** Shards of a run folder: name → bytes. */
export function shardsOf(path) {
  const shards = join(path, 'runs', 'set', 'shards');
  return new Map(
    readdirSync(shards)
      .sort()
      .map((name) => [name, readFileSync(join(shards, name))]),
  );
}

/** The set of a run of one process that nothing happens to. `timeScale`: how much faster than usual its server is. */
export async function unbroken(path, timeScale = 1) {
  const server = await startEndpoint({ ...ENDPOINT, timeScale });
  writeFileSync(join(path, 'servers', 'one.url'), `${server.url}/v1\n`);
  const { status, stderr } = scalequest(path, 'run', 'set.yaml', '--out', 'runs/set');
  await server.close();
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return shardsOf(path);
}

export function eventsOf(path) {
  const file = join(path, 'runs', 'set', 'log.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

export const committed = (path) => eventsOf(path).filter(({ event }) => event === 'committed').length;

/** When the run went on for the first time after `sinceMs`; undefined if it has not. */
export function resumedMs(path, sinceMs) {
  const found = eventsOf(path).find(({ event, at }) => event === 'resumed' && Date.parse(at) > sinceMs);
  return found && Date.parse(found.at);
}

/** When a commit came for the first time after `sinceMs`; undefined if none has. */
export function committedMs(path, sinceMs) {
  const found = eventsOf(path).find(({ event, at }) => event === 'committed' && Date.parse(at) > sinceMs);
  return found && Date.parse(found.at);
}

export const listedIn = (path) => readdirSync(join(path, 'servers')).filter((name) => name.endsWith('.url'));

/** Pids of processes of Node whose command line has all of `words`. */
export const pidsWith = (...words) =>
  pidsOf((line) => line.startsWith(process.execPath) && words.every((word) => line.includes(word)));

/** Pids of servers that have `word` among their options. Their keepers and guards name them too, as arguments. */
export const serverPids = (word = '') =>
  pidsOf((line) => line.startsWith(`${process.execPath} ${SERVER}`) && line.includes(word));

function pidsOf(isIt) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isIt(commandOf(pid)));
}

export function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** A process and all that it has started, and those have; a session of their own changes nothing. */
export function treeOf(root) {
  const children = new Map();
  for (const pid of pidsOf(() => true)) {
    const parent = parentOf(pid);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

export function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
