import type { DiffSide, DistributionPair, RunDiff } from '../../run/diff/diffRuns.js';
import { type Distribution, QUANTILE_SHARES } from '../../run/diff/distribution.js';
import type { Fate, FateChange, RowsCompared, ValueChange } from '../../run/diff/rowComparison.js';
import { printTable } from '../../run/report/report.js';
import { printableLine } from '../../text/printable.js';
import type { Styles } from './styles.js';

/** Texts in examples are cut here; `--json` has all of them. */
const TEXT_CHARS_MAX = 160;
const SETTING_CHARS_MAX = 40;

/** A comparison of two runs for people. */
export function printRunDiff(diff: RunDiff, styles: Styles): string {
  const parts = [
    sides(diff),
    settings(diff, styles),
    ...(diff.rows ? rows(diff.rows, styles) : notCompared(diff, styles)),
    distributions(diff.distributions, styles),
    columns(diff),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function sides({ a, b }: RunDiff): string {
  const line = ({ folder, name, seed, kept, positions, isComplete }: DiffSide): string[] => [
    folder,
    `${printableLine(name, TEXT_CHARS_MAX)}, seed ${seed}`,
    `${kept} rows kept of ${positions}${isComplete ? '' : ', not finished'}`,
  ];
  return untitled([
    ['A', ...line(a)],
    ['B', ...line(b)],
  ]);
}

function settings({ settings: changes }: RunDiff, { heading }: Styles): string {
  if (changes.length === 0) return 'The two runs have the same settings, sources and models.';
  const shown = changes.map(({ path, a, b }) => [printableLine(path, 80), settingOf(a), settingOf(b)]);
  return `${heading('Settings that differ')}\n${printTable(['setting', 'A', 'B'], shown)}`;
}

function settingOf(value: string | null): string {
  return value === null ? '(absent)' : printableLine(value, SETTING_CHARS_MAX);
}

function rows(compared: RowsCompared, styles: Styles): string[] {
  const { positions, keptByBoth, same, appeared, vanished, beyond, questionsDiffer } = compared;
  const { heading, added, removed } = styles;
  const counts = untitled([
    [
      'kept by both',
      String(keptByBoth),
      same === keptByBoth ? 'all of them the same' : `${same} of them the same`,
    ],
    ['appeared (kept in B alone)', String(appeared), ''],
    ['vanished (kept in A alone)', String(vanished), ''],
  ]).split('\n');
  const notes = [
    ...(beyond.a > 0 ? [`A went farther: ${beyond.a} rows of it have no counterpart yet.`] : []),
    ...(beyond.b > 0 ? [`B went farther: ${beyond.b} rows of it have no counterpart yet.`] : []),
    ...(questionsDiffer > 0
      ? [`In ${questionsDiffer} rows the questions differ: a step that writes them was changed.`]
      : []),
  ];
  const [both, one, other] = counts;
  const head = heading(`Rows, of the ${positions} source positions that both have decided`);
  return [
    [head, both, appeared > 0 ? added(one!) : one, vanished > 0 ? removed(other!) : other, ...notes].join(
      '\n',
    ),
    fateChanges(compared.fates, styles),
    valueChanges(compared, styles),
  ];
}

function fateChanges(changes: readonly FateChange[], { heading, dim }: Styles): string {
  if (changes.length === 0) return '';
  const table = printTable(
    ['in A', 'in B', 'rows'],
    changes.map((change) => [fateText(change.from), fateText(change.to), String(change.rows)]),
  );
  const examples = changes
    .filter(({ from, to }) => from.kind === 'kept' || to.kind === 'kept')
    .flatMap(({ from, to, examples: found }) =>
      found.map(
        ({ seq, seqIndex, question }) =>
          `${dim(`${fateText(from)} → ${fateText(to)}, row ${placeOf(seq, seqIndex)}:`)} ${cut(question ?? '(no question yet)')}`,
      ),
    );
  return [
    `${heading('Rows that ended otherwise')}\n${table}`,
    ...(examples.length > 0 ? [examples.join('\n')] : []),
  ].join('\n\n');
}

function fateText({ kind, step, reason }: Fate): string {
  if (kind === 'absent') return 'no such row';
  return kind === 'kept' ? 'kept' : `${step}: ${printableLine(reason!, SETTING_CHARS_MAX)}`;
}

function valueChanges(
  { values, keptByBoth }: RowsCompared,
  { heading, dim, added, removed }: Styles,
): string {
  if (values.length === 0) return '';
  const table = printTable(
    ['column', 'rows', 'final answer'],
    values.map(({ column, rows: count, answers }) => [
      printableLine(column, SETTING_CHARS_MAX),
      String(count),
      answers === null ? '–' : String(answers),
    ]),
  );
  const examples = ({ column, examples: found }: ValueChange): string[] =>
    found.map(({ seq, seqIndex, a, b }) =>
      [
        dim(`${printableLine(column, SETTING_CHARS_MAX)}, row ${placeOf(seq, seqIndex)}`),
        removed(`  A ${cut(a)}`),
        added(`  B ${cut(b)}`),
      ].join('\n'),
    );
  const head = heading(`Values that differ, of the ${keptByBoth} rows that both keep`);
  return [`${head}\n${table}`, ...values.flatMap(examples)].join('\n\n');
}

function notCompared({ notCompared: reasons, a, b }: RunDiff, { heading }: Styles): string[] {
  const lost = funnelLines(a, b);
  return [
    [heading('Rows are not compared one by one'), ...reasons].join('\n'),
    `${heading('Rows at each step')}\n${printTable(['step', 'kept in A', 'of', 'kept in B', 'of'], lost)}`,
  ];
}

function funnelLines(a: DiffSide, b: DiffSide): string[][] {
  const steps = [...new Set([...a.funnel, ...b.funnel].map(({ step }) => step))];
  const cells = (side: DiffSide, step: string): string[] => {
    const found = side.funnel.find((each) => each.step === step);
    return found ? [String(found.kept), String(found.rowsIn)] : ['–', '–'];
  };
  return steps.map((step) => [step, ...cells(a, step), ...cells(b, step)]);
}

function distributions(pairs: readonly DistributionPair[], { heading }: Styles): string {
  const lines = pairs.flatMap(({ column, of, a, b }) => {
    const title = of === 'characters' ? `${column}, characters` : column;
    return [lineOf(printableLine(title, SETTING_CHARS_MAX), 'A', a), lineOf('', 'B', b)];
  });
  if (lines.length === 0) return '';
  const shares = QUANTILE_SHARES.map((share) => `${Math.round(share * 100)} %`);
  const isSampled = pairs.some(({ a, b }) => a?.isExact === false || b?.isExact === false);
  const note = isSampled
    ? '\nQuantiles of so many rows are those of a sample of at least 32768 of them.'
    : '';
  const table = printTable(['column', 'run', 'rows', 'min', ...shares, 'max', 'mean'], lines);
  return `${heading('Numbers of all kept rows')}\n${table}${note}`;
}

function lineOf(title: string, side: string, found: Distribution | null): string[] {
  if (!found) return [title, side, '0', ...Array.from({ length: QUANTILE_SHARES.length + 3 }, () => '–')];
  const { count, min, max, mean, quantiles } = found;
  return [title, side, String(count), ...[min, ...quantiles, max, mean].map(numberText)];
}

/** Four digits tell distributions apart. */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

function columns({ a, b }: RunDiff): string {
  const line = (side: string, names: readonly string[]): string[] =>
    names.length > 0
      ? [`Columns of ${side} alone: ${names.map((name) => printableLine(name, 60)).join(', ')}.`]
      : [];
  return [...line('A', a.ownColumns), ...line('B', b.ownColumns)].join('\n');
}

function placeOf(seq: number, seqIndex: number): string {
  return seqIndex > 0 ? `${seq}, number ${seqIndex}` : String(seq);
}

function cut(text: string): string {
  return printableLine(text, TEXT_CHARS_MAX);
}

/** Columns without a title. */
function untitled(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
