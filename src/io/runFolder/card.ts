import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { sealText } from '../files/seal.js';
import { SHARDS_FOLDER } from './runPaths.js';

export const CARD_FILE = 'README.md';

export interface Card {
  name: string;
  /** One sentence on what the set is. */
  summary?: string | undefined;
  /** Rows of the data set. */
  rows: number;
  /** A text that stands for the rows: another set has another one. */
  contents: string;
  columns: readonly Column[];
  /** Absent while the run goes on; empty where the steps are not known. */
  funnel?: readonly CardStep[] | undefined;
  /** What steps found out about the rows, one line a finding. */
  figures?: readonly string[];
  /** Pictures in the run folder. */
  pictures?: readonly CardPicture[];
  /** The exports beside the set. Each that has rows loads as a configuration of its name. */
  exports?: readonly CardExport[];
  /** The pipeline file, as it ran; absent for a run that a program made. */
  pipelineText?: string | undefined;
  /** Two-letter codes, if known. */
  languages?: readonly string[];
}

/** What a step received and let through. */
export interface CardStep {
  step: string;
  rowsIn: number;
  kept: number;
  dropped: number;
  rejected: number;
}

/** A picture, by its path inside the run folder, and what it shows. */
export interface CardPicture {
  file: string;
  title: string;
}

/** An export, as `exports/<name>` of the run folder. */
export interface CardExport {
  name: string;
  format: string;
  /** Parquet if absent. */
  fileType?: string | undefined;
  columns: readonly string[];
  rows: number;
  /** Rows of the set that gave none. */
  leftOut: number;
}

/**
 * Writes the dataset card of a run folder, unless it is there already. With it the folder loads as a data set of the shards
 * alone; so it is there from the first commit on.
 */
export async function writeCard(files: Files, folder: string, card: Card): Promise<void> {
  const path = join(folder, CARD_FILE);
  const text = renderCard(card);
  const before = (await files.stat(path)) ? await readWhole(files, path) : null;
  if (before && Buffer.from(text).equals(before)) return;
  await writeAtomic(files, path, text);
}

const LOADING = [
  '```python',
  'from datasets import load_dataset',
  '',
  'rows = load_dataset("path/to/this/folder", split="train")',
  '```',
].join('\n');

/** Markdown with the YAML head that Hugging Face datasets reads, and with a checksum in it. */
export function renderCard(card: Card): string {
  return sealText(cardText(card));
}

function cardText(card: Card): string {
  const { name, rows, columns, exports = [], pipelineText } = card;
  return [
    frontMatter(card),
    `# ${oneLine(name)}`,
    ...(card.summary ? [oneLine(card.summary)] : []),
    `${formatCount(rows)} rows, made with ScaleQuest for TypeScript, after the method of ` +
      `[ScaleQuest](https://arxiv.org/abs/2410.18693)${pipelineText === undefined ? '' : ', from the pipeline at the end of this page'}. ` +
      'The text was written by language models: their licences apply, and nobody has checked every row.',
    ...(card.funnel ? [] : [UNFINISHED]),
    LOADING,
    '## Columns',
    table(
      ['column', 'type', 'meaning'],
      columns.map(({ name: column, type, nullable, help }) => [
        `\`${column}\``,
        nullable ? `\`${type}\` or null` : `\`${type}\``,
        help,
      ]),
    ),
    ...(exports.length > 0 ? exportParts(exports) : []),
    ...funnelParts(card),
    ...(pipelineText === undefined ? [] : ['## Pipeline', fence(pipelineText)]),
    '',
  ].join('\n\n');
}

const UNFINISHED =
  '**The run that makes this set has not come to its end.** These are the rows so far; they stay as they are when it goes on.';

function exportParts(exports: readonly CardExport[]): string[] {
  const code = (text: string): string => `\`${text}\``;
  return [
    '## Exports',
    'The same rows in forms that training frameworks take. `load_dataset("path/to/this/folder", "<name>")` loads one.',
    table(
      ['name', 'folder', 'form', 'columns', 'rows', 'rows of the set that gave none'],
      exports.map(({ name, format, columns, rows, leftOut }) => [
        ...[code(name), code(`exports/${name}`), code(format), columns.map(code).join(', ')],
        ...[formatCount(rows), formatCount(leftOut)],
      ]),
    ),
  ];
}

function funnelParts({ funnel, figures = [], pictures = [] }: Card): string[] {
  if (!funnel || funnel.length === 0) return [];
  return [
    '## What became of the rows',
    table(
      ['step', 'in', 'kept', 'dropped', 'rejected'],
      funnel.map(({ step, rowsIn, kept, dropped, rejected }) => [
        step,
        ...[rowsIn, kept, dropped, rejected].map(formatCount),
      ]),
    ),
    '*Dropped*: a step decided so. *Rejected*: something went wrong with the row. ' +
      'Both are listed in `rejects/`.',
    ...pictures.map(({ file, title }) => `![${title}](${file})`),
    ...(figures.length > 0 ? [figures.map((line) => `- ${oneLine(line)}`).join('\n')] : []),
  ];
}

function frontMatter({ name, rows, contents, exports = [], languages = [] }: Card): string {
  return [
    '---',
    `pretty_name: ${JSON.stringify(oneLine(name))}`,
    ...(languages.length > 0 ? ['language:', ...languages.map((code) => `  - ${JSON.stringify(code)}`)] : []),
    'tags:',
    '  - synthetic',
    '  - scalequest',
    'task_categories:',
    '  - text-generation',
    'size_categories:',
    `  - ${sizeCategory(rows)}`,
    'configs:',
    '  - config_name: default',
    describeContents(contents),
    '    data_files:',
    '      - split: train',
    `        path: ${SHARDS_FOLDER}/*.parquet`,
    // One without a file would keep the others from loading. Quoted, because YAML takes no, on and null for other things than texts.
    ...exports
      .filter(({ rows: exported }) => exported > 0)
      .flatMap(({ name: config, fileType = 'parquet' }) => [
        `  - config_name: ${JSON.stringify(config)}`,
        describeContents(contents),
        '    data_files:',
        '      - split: train',
        `        path: ${JSON.stringify(`exports/${config}/*.${fileType}`)}`,
      ]),
    '---',
  ].join('\n');
}

/**
 * A line of a configuration. Hugging Face datasets (5.2) keeps a local set in its cache by the name of its folder and a hash of
 * its configurations, not of its rows: without this line it would give an older set for one in a folder of the same name.
 */
function describeContents(contents: string): string {
  return `    description: ${JSON.stringify(contents)}`;
}

function sizeCategory(rows: number): string {
  const bounds: [number, string][] = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
    [1e6, '100K<n<1M'],
    [1e7, '1M<n<10M'],
  ];
  return bounds.find(([bound]) => rows < bound)?.[1] ?? '10M<n<100M';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A fence longer than any in the text. */
function fence(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}yaml\n${text.trimEnd()}\n${marks}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Thousands by comma, whatever the machine's locale. */
function formatCount(count: number): string {
  return `${count}`.replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
