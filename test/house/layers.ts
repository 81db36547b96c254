import { betweenMarks } from './betweenMarks.js';

/** Who may import whom: the one table. `imports.test.ts` holds it, `npm run docs` prints it into docs/architecture.md. */

export interface Layer {
  /** What the folder holds, for docs/architecture.md. */
  holds: string;
  /** The other layers that it may import; every layer may import the files directly in `src`. */
  mayImport: readonly string[];
}

export const LAYERS: Readonly<Record<string, Layer>> = {
  arrow: { holds: 'columns of Arrow record batches: build, read, take, join; no I/O', mayImport: [] },
  text: {
    holds: 'pure functions over texts: final answers, final questions, repetition, keys taken out',
    mayImport: [],
  },
  process: { holds: 'process groups that end with this process, and managed servers', mayImport: [] },
  flow: { holds: 'the core: record batches in order, credit gate, watermark, commit', mayImport: ['arrow'] },
  grade: {
    holds: 'whether two answers say the same: texts, parse, values, compare, worker',
    mayImport: ['text'],
  },
  language: { holds: 'which language a text is in: detector, worker', mayImport: [] },
  operators: {
    holds: 'one file an operator: options with help, columns, contract, example, function',
    mayImport: ['arrow', 'flow', 'grade', 'language', 'text'],
  },
  backends: {
    holds: 'models: protocols, templates, pool, HTTP, embedded engine, cache of replies',
    mayImport: ['process', 'text'],
  },
  io: { holds: 'files: sources, Parquet shards, run folder', mayImport: ['arrow', 'text'] },
  store: { holds: 'the database of replies and step results', mayImport: ['io'] },
  workers: {
    holds: 'what a run and its workers tell each other: units, replies, links; no step of a pipeline',
    mayImport: ['arrow', 'flow', 'process'],
  },
  train: {
    holds: 'trainings on a finished run: launch, follow, record',
    mayImport: ['io', 'process', 'text'],
  },
  ray: { holds: 'the Jobs API of Ray: submit a job, read its log, stop it', mayImport: ['text'] },
  page: {
    holds: 'charts, formulas and pages: `dom` and `entries` run in browsers only, the rest also in Node',
    mayImport: [],
  },
  pipeline: {
    holds: 'a file, checked, becomes a plan; printed reference and JSON Schema',
    mayImport: ['arrow', 'operators', 'backends', 'io', 'train'],
  },
  run: {
    holds: 'the application: check, plan, run, resume, chain, train; emits run events',
    mayImport: [
      'arrow',
      'flow',
      'operators',
      'backends',
      'io',
      'store',
      'text',
      'train',
      'ray',
      'page',
      'pipeline',
      'workers',
    ],
  },
  metrics: {
    holds: 'what monitors are told of a run: the page for Prometheus, spans and metrics by OTLP',
    mayImport: ['backends', 'flow', 'run', 'train'],
  },
  view: {
    holds:
      'the server of the page of a run: what it is told, files by ranges, rows on their way through the steps',
    mayImport: ['io', 'page', 'pipeline', 'run', 'train', 'workers'],
  },
  hub: {
    holds: 'sets that are pushed to a hub: which files, what is there already, what is sent',
    mayImport: ['io', 'process', 'run', 'text'],
  },
  cli: {
    holds: 'flags in, exit codes out, words on the screen',
    mayImport: ['run', 'hub', 'view', 'metrics', 'pipeline', 'operators', 'text', 'train'],
  },
};

/** Single files that a layer may import though the table does not let it import their layer. */
export const EXCEPTIONS: readonly { layer: string; file: string; typeOnly: boolean; reason: string }[] = [
  {
    layer: 'operators',
    file: 'src/backends/model.ts',
    typeOnly: true,
    reason: 'the interface of models, without any backend',
  },
  {
    layer: 'store',
    file: 'src/arrow/columnType.ts',
    typeOnly: true,
    reason: 'columns of an exported table',
  },
  { layer: 'store', file: 'src/arrow/build.ts', typeOnly: false, reason: 'columns of an exported table' },
];

/** The table as docs/architecture.md shows it, between the two marks. */
export function printLayers(): string {
  const code = (name: string): string => `\`${name}\``;
  const rows = Object.entries(LAYERS).map(([name, { holds, mayImport }]) => {
    const single = EXCEPTIONS.filter(({ layer }) => layer === name).map(
      ({ file, typeOnly, reason }) => `${typeOnly ? 'the types of ' : ''}${code(file)} (${reason})`,
    );
    const imports = [...mayImport.map(code), ...single].join(', ');
    return `| ${code(`src/${name}`)} | ${holds} | ${imports || '–'} |`;
  });
  return ['| folder | holds | may import |', '|---|---|---|', ...rows].join('\n');
}

const MARKS = [
  '<!-- printed from test/house/layers.ts by `npm run docs` -->',
  '<!-- end of the printed table -->',
] as const;

/** The page with the table as the code has it. */
export function withLayers(page: string): string {
  return betweenMarks(page, MARKS, `\n${printLayers()}\n`);
}
