import { formatNumber } from '../../charts/format.js';
import type { Fate, RowsCompared } from '../../view/rowsCompared.js';
import { shortened } from '../../view/shortened.js';
import { el, table } from '../el.js';
import { getJson } from './api.js';

interface Side {
  folder: string;
  kept: number;
  positions: number;
  isComplete: boolean;
  funnel: { step: string; rowsIn: number; kept: number }[];
}

interface Numbers {
  count: number;
  min: number;
  max: number;
  mean: number;
  quantiles: number[];
}

interface Diff {
  a: Side;
  b: Side;
  settings: { path: string; a: string | null; b: string | null }[];
  notCompared: string[];
  distributions: { column: string; of: string; a: Numbers | null; b: Numbers | null }[];
  rows: RowsCompared | null;
}

/** What another run did otherwise: the same as `scalequest diff`. */
export function diffPage(other: string): HTMLElement {
  const heading = el('h2', { id: 'diff-title' }, 'Compared with another run');
  const element = el(
    'section',
    { 'aria-labelledby': 'diff-title' },
    heading,
    el('p', { class: 'note', role: 'status' }, `Reading both runs, this one (A) and ${other} (B) …`),
  );
  void getJson<Diff>('api/diff').then(
    (diff) => element.replaceChildren(heading, ...shownDiff(diff)),
    (error: Error) =>
      element.replaceChildren(heading, el('p', { class: 'rejected', role: 'status' }, error.message)),
  );
  return element;
}

function shownDiff({ a, b, settings, rows, notCompared, distributions }: Diff): HTMLElement[] {
  return [
    sides(a, b),
    el('h3', {}, 'Settings that differ'),
    settings.length === 0
      ? el('p', {}, 'None: the same settings, sources and models.')
      : table(
          'Settings that differ',
          ['setting', 'A', 'B'],
          settings.map((each) => [each.path, each.a ?? '(absent)', each.b ?? '(absent)']),
        ),
    ...(rows ? shownRows(rows) : notCompared.map((why) => el('p', { class: 'dropped' }, why))),
    el('h3', {}, 'Numbers of all kept rows'),
    numbersTable(distributions),
  ];
}

function sides(a: Side, b: Side): HTMLElement {
  const line = (name: string, { folder, kept, positions, isComplete }: Side): string[] => [
    name,
    folder,
    formatNumber(kept),
    formatNumber(positions),
    isComplete ? 'complete' : 'not finished',
  ];
  return table(
    'The two runs',
    ['run', 'folder', 'kept', 'of', ''],
    [line('A', a), line('B', b)],
    [false, false, true, true],
  );
}

function shownRows(rows: RowsCompared): HTMLElement[] {
  const { keptByBoth, same, appeared, vanished, positions, beyond, questionsDiffer, fates, values } = rows;
  const figures: [string, number][] = [
    ['kept by both', keptByBoth],
    ['of them the same', same],
    ['appeared in B', appeared],
    ['vanished in B', vanished],
  ];
  const notes = [
    ...(beyond.a > 0
      ? [`A went farther: ${formatNumber(beyond.a)} rows of it have no counterpart yet.`]
      : []),
    ...(beyond.b > 0
      ? [`B went farther: ${formatNumber(beyond.b)} rows of it have no counterpart yet.`]
      : []),
    ...(questionsDiffer > 0 ? [`In ${formatNumber(questionsDiffer)} rows the questions differ.`] : []),
  ];
  return [
    el('h3', {}, `Rows, of the ${formatNumber(positions)} source positions that both have decided`),
    el(
      'dl',
      { class: 'figures' },
      ...figures.map(([name, count]) => el('div', {}, el('dt', {}, name), el('dd', {}, formatNumber(count)))),
    ),
    ...notes.map((note) => el('p', { class: 'note' }, note)),
    ...(fates.length > 0 ? [el('h3', {}, 'Rows that ended otherwise'), fatesTable(fates)] : []),
    ...(values.length > 0
      ? [el('h3', {}, 'Values that differ in rows that both keep'), ...valuesTables(values)]
      : []),
  ];
}

function fateText({ kind, step, reason }: Fate): HTMLElement {
  if (kind === 'absent') return el('span', {}, 'no such row');
  return el('span', { class: kind }, kind === 'kept' ? 'kept' : `${step}: ${reason}`);
}

function fatesTable(fates: RowsCompared['fates']): HTMLElement {
  const rows = fates.map(({ from, to, rows: count, examples }) => [
    fateText(from),
    fateText(to),
    formatNumber(count),
    el(
      'ul',
      { class: 'plain' },
      ...examples.map(({ seq, question }) =>
        el('li', {}, el('a', { href: `#row/${seq}` }, `row ${seq}`), ` ${shortened(question ?? '', 160)}`),
      ),
    ),
  ]);
  return table('Rows that ended otherwise', ['in A', 'in B', 'rows', 'examples'], rows, [false, false, true]);
}

function valuesTables(values: RowsCompared['values']): HTMLElement[] {
  const counts = values.map(({ column, rows, answers }) => [
    column,
    formatNumber(rows),
    answers === null ? '–' : formatNumber(answers),
  ]);
  const examples = values.flatMap(({ column, examples: found }) =>
    found.map(({ seq, a, b }) => [
      column,
      el('a', { href: `#row/${seq}` }, String(seq)),
      el('div', { class: 'words' }, shortened(a, 500)),
      el('div', { class: 'words' }, shortened(b, 500)),
    ]),
  );
  return [
    table('Columns that differ', ['column', 'rows', 'final answer'], counts, [false, true, true]),
    table('Examples of values that differ', ['column', 'row', 'A', 'B'], examples),
  ];
}

function numbersTable(distributions: Diff['distributions']): HTMLElement {
  const line = (title: string, run: string, found: Numbers | null): string[] =>
    found
      ? [title, run, ...[found.count, found.min, ...found.quantiles, found.max, found.mean].map(formatNumber)]
      : [title, run, '0', ...Array.from({ length: 8 }, () => '–')];
  const rows = distributions.flatMap(({ column, of, a, b }) => [
    line(of === 'characters' ? `${column}, characters` : column, 'A', a),
    line('', 'B', b),
  ]);
  const head = ['column', 'run', 'rows', 'min', '5 %', '25 %', '50 %', '75 %', '95 %', 'max', 'mean'];
  return table(
    'Numbers of all kept rows',
    head,
    rows,
    head.map((_, at) => at > 1),
  );
}
