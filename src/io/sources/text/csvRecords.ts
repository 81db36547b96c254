import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { ScaleQuestError } from '../../../errors.js';
import { type TextBlock, lineEnds } from './readText.js';
import { tooLong } from './records.js';

/** One record of a table in text. A cell is null where nothing stands between the delimiters, not even quotes. */
export interface CsvRecord {
  /** The line that it begins in, from 1. */
  line: number;
  cells: readonly (string | null)[];
  /** What is wrong with it, if anything is. */
  fault?: string;
}

export interface CsvStyle {
  delimiter: string;
  /** Null where quotes have no meaning. */
  quote: string | null;
  recordBytesMax: number;
}

/** What csv-parse tells of an error. */
interface CsvProblem {
  code: string;
  message: string;
  lines: number;
}

interface Parsed {
  cells: (string | null)[];
  /** The line that the record ends in. */
  lines: number;
}

/** After these nobody can tell where the next record begins. */
const OPEN_ENDED = ['CSV_MAX_RECORD_SIZE', 'CSV_QUOTE_NOT_CLOSED', 'CSV_INVALID_CLOSING_QUOTE'];

/**
 * The records of a table in text (RFC 4180), in order. Lines end in LF, CR LF or CR; empty lines do not count. Throws
 * ERR_DATA_INVALID naming file and line where a quote leaves open which records come after it.
 */
export async function* csvRecords(
  blocks: AsyncIterable<TextBlock>,
  file: string,
  { delimiter, quote, recordBytesMax }: CsvStyle,
): AsyncGenerator<readonly CsvRecord[]> {
  const badLines: BadLine[] = [];
  const problems: CsvProblem[] = [];
  let lastLine = 0;
  let end: ScaleQuestError | null = null;

  async function* textToEnd(): AsyncGenerator<string> {
    for await (const text of textOf(blocks, badLines)) {
      if (end) return;
      yield text;
    }
  }

  const source = Readable.from(textToEnd(), { objectMode: false });
  const parser = parse({
    delimiter,
    quote: quote ?? false,
    escape: quote ?? false,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: recordBytesMax,
    cast: (cell, { quoting }) => (cell === '' && !quoting ? null : cell),
    on_record: (cells: unknown, { lines }) => {
      if (end) return null;
      lastLine = lines;
      return { cells, lines } as never;
    },
    on_skip: (error) => {
      const problem = error as unknown as CsvProblem;
      if (OPEN_ENDED.includes(problem.code)) end ??= openEnded(file, lastLine + 1, problem, recordBytesMax);
      // A record with two misplaced quotes is one record.
      else if (!end && problems.at(-1)?.lines !== problem.lines) problems.push(problem);
      return undefined;
    },
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { cells, lines } of parser as AsyncIterable<Parsed>) {
      const records = takeProblems(problems, lines);
      records.push(recordOf(cells, lines, badLines));
      yield records;
    }
  } finally {
    source.destroy();
    parser.destroy();
  }
  yield takeProblems(problems, Infinity);
  const ended = end as ScaleQuestError | null;
  if (ended) throw ended;
}

interface BadLine {
  line: number;
  message: string;
}

async function* textOf(blocks: AsyncIterable<TextBlock>, badLines: BadLine[]): AsyncGenerator<string> {
  let line = 1;
  let isFirst = true;
  for await (const { text, faults } of blocks) {
    badLines.push(...faults.map((fault) => ({ line: line + fault.line, message: fault.message })));
    line += lineEnds(text);
    yield isFirst && text.startsWith('\ufeff') ? text.slice(1) : text;
    isFirst = false;
  }
}

/** Those that come before a record which ends at a line. */
function takeProblems(problems: CsvProblem[], line: number): CsvRecord[] {
  const taken: CsvRecord[] = [];
  while (problems.length > 0 && problems[0]!.lines <= line) {
    const { lines, message } = problems.shift()!;
    taken.push({
      line: lines,
      cells: [],
      fault: `found a record with a misplaced quote (${message}). ${QUOTES}`,
    });
  }
  return taken;
}

const QUOTES =
  'Write a quote within a quoted field twice (""), or say `quote: none` if quotes have no meaning in the file';

function recordOf(cells: readonly (string | null)[], endLine: number, badLines: BadLine[]): CsvRecord {
  const line = endLine - cells.reduce((sum, cell) => sum + (cell === null ? 0 : lineEnds(cell)), 0);
  while (badLines.length > 0 && badLines[0]!.line < line) badLines.shift();
  const [bad] = badLines;
  return bad && bad.line <= endLine ? { line, cells, fault: bad.message } : { line, cells };
}

function openEnded(
  file: string,
  recordLine: number,
  { code, lines, message }: CsvProblem,
  bytesMax: number,
): ScaleQuestError {
  const error = (text: string, line: number): ScaleQuestError =>
    new ScaleQuestError('ERR_DATA_INVALID', text, { at: { file, line } });
  if (code === 'CSV_MAX_RECORD_SIZE')
    return error(`${tooLong(bytesMax)}; often a quote is not closed.`, recordLine);
  if (code === 'CSV_INVALID_CLOSING_QUOTE')
    return error(`found a misplaced quote (${message}). ${QUOTES}.`, lines);
  return error(
    `found a quote that is never closed, in the record that begins here or after it. ${QUOTES}.`,
    recordLine,
  );
}
