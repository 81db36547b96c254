import type { LostRowExample, LostRows } from '../../run/listRejects.js';
import { printTable } from '../../run/report/report.js';
import { printable } from '../../text/printable.js';

/** A text in a list is cut here; `--json` prints all that the run folder holds. */
const TEXT_CHARS_MAX = 400;

/** Reasons with their counts, then examples of each. */
export function printRejects(lost: readonly LostRows[]): string {
  if (lost.length === 0) return 'No row was lost.\n';
  const table = printTable(
    ['step', 'lost', 'reason', 'rows'],
    lost.map(({ step, kind, reason, rows }) => [step, kind, printable(reason), String(rows)]),
  );
  return `${[table, ...lost.flatMap(printExamples)].join('\n\n')}\n`;
}

function printExamples({ step, reason, examples }: LostRows): string[] {
  return examples.map((example) =>
    [`--- ${step}: ${printable(reason)}, row ${placeOf(example)}`, ...lines(example)].join('\n'),
  );
}

function placeOf({ seq, seqIndex }: LostRowExample): string {
  return seqIndex > 0 ? `${seq}, number ${seqIndex}` : String(seq);
}

function lines({ message, question, reply }: LostRowExample): string[] {
  return [
    ...(message ? [`why: ${cut(message)}`] : []),
    ...(question === null ? [] : [`question: ${cut(question)}`]),
    ...(reply === null ? [] : [`the model wrote: ${reply.trim() === '' ? '(nothing)' : cut(reply)}`]),
  ];
}

function cut(text: string): string {
  const shown =
    text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)} … (${text.length} characters)` : text;
  return printable(shown);
}
