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

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
