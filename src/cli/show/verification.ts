import type { RunReplay } from '../../run/verify/replayRun.js';
import type { RunVerification } from '../../run/verify/verifyRun.js';

/** What a verification prints: one line of what was read, then a line for each file that is not as it was written. */
export function printVerification(result: RunVerification): string {
  const { folder, isComplete, commits, rows, files, bytes, findings, notes } = result;
  const state = isComplete ? 'complete' : 'not finished';
  const lines = [
    `${folder}: ${state}, ${count(commits, 'commit')}, ${count(rows, 'row')} kept; ${count(files, 'file')} read, ${megabytes(bytes)} MB`,
    ...notes,
    ...findings.flatMap(({ file, kind, problem, advice }) => [
      `${kind}  ${file}: ${problem}`,
      `         ${advice}.`,
    ]),
    findings.length === 0
      ? 'Every file is as it was written.'
      : `${count(findings.length, 'file')} of it ${findings.length === 1 ? 'is' : 'are'} not as written.`,
  ];
  return `${lines.join('\n')}\n`;
}

/** What a replay prints: how far it went, and the first difference. */
export function printReplay({ pipeline, filesSame, rowsSame, difference, reasons }: RunReplay): string {
  const same = `${count(filesSame, 'file')} with ${count(rowsSame, 'row')} came out byte for byte the same`;
  const lines = [
    `replay of ${pipeline}: ${same}${difference === null && reasons.length === 0 ? '; none differs' : ''}.`,
  ];
  if (difference) {
    const { file, at } = difference;
    const where = at ? `: row ${at.row}${at.column === null ? '' : `, column ${at.column}`}` : '';
    lines.push(`differs  ${file}${where}`);
    if (at) lines.push(`         found ${at.found}`, `         derived ${at.expected}`);
  }
  return `${[...lines, ...reasons].join('\n')}\n`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
