// Our client against other systems' clients, on one simulated server and the same rows; README.md has a measured table.
//   npm run bench:peers -- [--rows=2000] [--fewRows=500] [--inFlight=256] [--latencyMs=200] [--repetitions=3] [--only=floor,ours]
// Makes an environment for each peer, .venv-peers-<peer>, once, and again when its requirements change. Linux, Python 3.10+.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../dist/src/run/report/report.js';
import { startEndpoint } from '../../dist/bench/endpoint/start.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const rows = flag('rows', 2000);
const fewRows = flag('fewRows', 500);
const inFlight = flag('inFlight', 256);
const latencyMs = flag('latencyMs', 200);
const repetitions = flag('repetitions', 3);
const only = textFlag('only')?.split(',');
const INSTALL_LIMIT_MS = 240_000;
const RUN_LIMIT_S = 120;
/** About 1.1 KB of text an answer. */
const ANSWER = { meanTokens: 235, sigma: 0, capTokens: 235 };

/** Nothing is reported anywhere or looked up on a network. */
const QUIET = {
  TELEMETRY_ENABLED: 'false',
  DO_NOT_TRACK: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_OFFLINE: '1',
  HF_DATASETS_OFFLINE: '1',
  LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  CURATOR_DISABLE_RICH_DISPLAY: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

const CLIENTS = [
  { name: 'floor', title: 'bare undici loop, keeps nothing', script: 'floor.mjs' },
  { name: 'ours', title: 'ScaleQuest, Parquet and journal', script: 'ours.mjs' },
  { name: 'datatrove', title: 'datatrove, Parquet', script: 'datatrove_client.py', peer: 'datatrove' },
  {
    name: 'datatrove-checkpoints',
    title: 'datatrove, Parquet and checkpoints',
    script: 'datatrove_client.py',
    peer: 'datatrove',
    more: ['checkpoints'],
  },
  { name: 'curator', title: 'Curator, JSONL and Arrow', script: 'curator_client.py', peer: 'curator' },
  {
    name: 'distilabel',
    title: 'distilabel, Parquet at the end',
    script: 'distilabel_client.py',
    peer: 'distilabel',
  },
];

function textFlag(name) {
  return process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1];
}

function flag(name, fallback) {
  return Number(textFlag(name) ?? fallback);
}

const pythonOf = (peer) => join(root, `.venv-peers-${peer}`, 'bin', 'python');

/** Null, or why the peer cannot be had here. */
function install(peer) {
  const requirements = join(here, `requirements-${peer}.txt`);
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(root, `.venv-peers-${peer}`, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return null;
  const steps = [
    ['python3', '-m', 'venv', join(root, `.venv-peers-${peer}`)],
    [pythonOf(peer), '-m', 'pip', 'install', '--quiet', '-r', requirements],
  ];
  for (const [command, ...args] of steps) {
    const { status, error, stderr } = spawnSync(command, args, {
      encoding: 'utf8',
      timeout: INSTALL_LIMIT_MS,
    });
    if (status !== 0) return error?.message ?? stderr.trim().split('\n').at(-1);
  }
  writeFileSync(stamp, wanted);
  return null;
}

/** One run of one client on a fresh server. */
async function measure({ name, script, peer, more = [] }, rowCount) {
  const lengths = ANSWER;
  const endpoint = await startEndpoint({ timeScale: 0, latencyMs, lengths });
  const folder = mkdtempSync(join(tmpdir(), 'peers-'));
  const program = peer ? pythonOf(peer) : process.execPath;
  const client = [program, join(here, script), endpoint.url, `${rowCount}`, `${inFlight}`];
  try {
    const env = { ...process.env, ...QUIET, HF_HOME: join(folder, 'hf') };
    const args = [join(here, 'measure.py'), `${RUN_LIMIT_S}`, ...client, join(folder, 'out'), ...more];
    const used = JSON.parse(await outputOf('python3', args, env));
    const { requests, connections } = await endpoint.stats();
    const last = used.out.trim().split('\n').at(-1);
    const written = last.startsWith('{') ? JSON.parse(last).rows : 0;
    if (used.status !== 0 || written !== rowCount || (requests.byStatus['200'] ?? 0) < rowCount) {
      throw new Error(
        `${name} gave ${written} of ${rowCount} rows, exit ${used.status}: ${used.err.slice(-800)}`,
      );
    }
    return {
      cpuS: used.userS + used.systemS,
      wallS: used.wallS,
      rssMb: used.peakBytes / 1e6,
      processes: used.processes,
      connections: connections.opened,
      inFlightMost: requests.inFlightMost,
      requests: requests.total,
    };
  } finally {
    await endpoint.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function outputOf(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env, cwd: root });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** `0.98 (0.97-0.99)`: median and range. */
function spread(values, digits) {
  const [low, high] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
  const middle = median(values).toFixed(digits);
  return low === high ? middle : `${middle} (${low}-${high})`;
}

/** A table's row. What lies between the run of few rows and the run of all has no start-up in it. */
function summary(title, runs, oursRuns) {
  const all = (pick) => runs.map(({ many, few }) => pick(many, few));
  const between = rows - fewRows;
  const cpuPerRow = (many, few) => (1000 * (many.cpuS - few.cpuS)) / between;
  const ratios = runs.map(({ many }, at) => many.cpuS / oursRuns[at].many.cpuS);
  const ratiosBetween = runs.map(
    ({ many, few }, at) => cpuPerRow(many, few) / cpuPerRow(oursRuns[at].many, oursRuns[at].few),
  );
  return [
    title,
    spread(
      all((many) => (1000 * many.cpuS) / rows),
      2,
    ),
    spread(ratios, 2),
    spread(all(cpuPerRow), 2),
    spread(ratiosBetween, 2),
    spread(
      all((many) => rows / many.wallS),
      0,
    ),
    spread(
      all((many, few) => between / (many.wallS - few.wallS)),
      0,
    ),
    spread(
      all((many) => many.rssMb),
      0,
    ),
    spread(
      all((many) => many.processes),
      0,
    ),
    spread(
      all((many) => many.connections),
      0,
    ),
    spread(
      all((many) => many.inFlightMost),
      0,
    ),
  ];
}

const clients = CLIENTS.filter(({ name }) => name === 'ours' || !only || only.includes(name));
const faults = new Map();
for (const peer of new Set(clients.flatMap(({ peer }) => peer ?? []))) {
  const fault = install(peer);
  if (fault) faults.set(peer, `not installed: ${fault}`);
}

const runsOf = new Map(clients.map(({ name }) => [name, []]));
for (let repetition = 0; repetition < repetitions; repetition++) {
  // Each repetition begins with another client.
  const turn = clients.map((_, at) => clients[(at + repetition) % clients.length]);
  for (const client of turn) {
    const { name, peer } = client;
    if (faults.has(name) || faults.has(peer)) continue;
    try {
      const few = await measure(client, fewRows);
      const many = await measure(client, rows);
      runsOf.get(name).push({ few, many });
      const busy = loadavg()[0].toFixed(1);
      console.error(
        `${repetition + 1} ${name}: ${many.cpuS.toFixed(2)} s CPU, ${many.wallS.toFixed(1)} s, load ${busy}`,
      );
    } catch (error) {
      faults.set(name, error.message);
    }
  }
}

if (faults.has('ours')) throw new Error(`there is nothing to compare with: ${faults.get('ours')}`);
console.log(`node bench/peers/run.mjs ${process.argv.slice(2).join(' ')}`.trim());
console.log(
  `${rows} rows, ${inFlight} in flight, ${latencyMs} ms, ${repetitions} repetitions, median (range), ${cpus().length} cores\n`,
);
const head = [
  ...[
    'client',
    'CPU ms a row',
    'x ours',
    'CPU ms a row past start-up',
    'x ours',
    'rows/s',
    'rows/s past start-up',
  ],
  ...['peak RSS MB', 'processes', 'connections', 'in flight'],
];
const whole = clients.filter(({ name }) => runsOf.get(name).length === repetitions);
const oursRuns = runsOf.get('ours');
console.log(
  printTable(
    head,
    whole.map(({ name, title }) => summary(title, runsOf.get(name), oursRuns)),
  ),
);
for (const [name, fault] of faults) console.log(`${name}: ${fault}`);
