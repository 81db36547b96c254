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

const OPEN_ENDED = ['CSV_MAX_RECORD_SIZE', 'CSV_QUOTE_NOT_CLOSED'];

/**
 * The records of a table in text (RFC 4180), in order. Lines end in LF, CR LF or CR; empty lines do not count. Throws
 * ERR_DATA_INVALID naming file and line where a quote is never closed: no record after it can be told.
 */
export async function* csvRecords(
  blocks: AsyncIterable<TextBlock>,
  file: string,
  { delimiter, quote, recordBytesMax }: CsvStyle,
): AsyncGenerator<readonly CsvRecord[]> {
  const badLines: BadLine[] = [];
  const problems: CsvProblem[] = [];
  let lastLine = 0;
  const source = Readable.from(textOf(blocks, badLines), { objectMode: false });
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
    on_record: (cells: (string | null)[], { lines }) => ({ cells, lines }),
    on_skip: (error) => {
      const problem = error as unknown as CsvProblem;
      if (OPEN_ENDED.includes(problem.code)) parser.destroy(error as Error);
      else problems.push(problem);
    },
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { cells, lines } of parser as AsyncIterable<{ cells: (string | null)[]; lines: number }>) {
      const records = takeProblems(problems, lines);
      lastLine = lines;
      records.push(recordOf(cells, lines, badLines));
      yield records;
    }
  } catch (error) {
    const { code } = error as Partial<CsvProblem>;
    if (OPEN_ENDED.includes(code ?? '')) throw openEnded(file, lastLine + 1, code!, recordBytesMax);
    throw error;
  } finally {
    source.destroy();
    parser.destroy();
  }
  yield takeProblems(problems, Infinity);
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
    taken.push({ line: lines, cells: [], fault: `found a record with a misplaced quote (${message}). ${QUOTES}` });
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

function openEnded(file: string, line: number, code: string, bytesMax: number): ScaleQuestError {
  const message =
    code === 'CSV_MAX_RECORD_SIZE'
      ? `${tooLong(bytesMax)}; often a quote is not closed.`
      : `found a quote that is never closed, in the record that begins here or after it. ${QUOTES}.`;
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file, line } });
}
