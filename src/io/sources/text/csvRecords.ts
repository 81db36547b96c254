import { type Parser, parse } from 'csv-parse';
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
  let parsed: Parsed[] = [];
  let lastLine = 0;
  let lastProblemLine = 0;
  let end: ScaleQuestError | null = null;

  // Records are taken from `on_record`, for a stream of them costs more than reading them. So does a `cast` of each cell.
  const parser = parse({
    delimiter,
    quote: quote ?? false,
    escape: quote ?? false,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: recordBytesMax,
    raw: quote !== null,
    on_record(record: unknown, { lines }) {
      if (end) return null;
      lastLine = lines;
      const cells =
        quote === null
          ? (record as string[]).map((cell) => (cell === '' ? null : cell))
          : withNulls(record as RawRecord, delimiter, quote);
      parsed.push({ cells, lines });
      return null;
    },
    on_skip: (error) => {
      const problem = error as unknown as CsvProblem;
      if (OPEN_ENDED.includes(problem.code)) end ??= openEnded(file, lastLine + 1, problem, recordBytesMax);
      // A record with two misplaced quotes is one record.
      else if (!end && problem.lines !== lastProblemLine) problems.push(problem);
      lastProblemLine = problem.lines;
      return undefined;
    },
  });
  /** What the parser has found since it was asked last. */
  const taken = (): CsvRecord[] => {
    const found = parsed;
    parsed = [];
    const records = found.flatMap(({ cells, lines }) => [
      ...takeProblems(problems, lines),
      recordOf(cells, lines, badLines),
    ]);
    return [...records, ...takeProblems(problems, Infinity)];
  };
  try {
    // `write` and `finish` tell of an error.
    parser.on('error', () => undefined).resume();
    for await (const piece of piecesOf(textOf(blocks, badLines))) {
      await write(parser, piece);
      yield taken();
      if (end) break;
    }
    await finish(parser);
  } finally {
    parser.destroy();
  }
  yield taken();
  const ended = end as ScaleQuestError | null;
  if (ended) throw ended;
}

/** The parser goes through all that it is given before a fault in it can end the reading: an error for each record is dear. */
const PIECE_CHARS = 1 << 13;

/** Each text in pieces that end in LF, but for its last. */
async function* piecesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts)
    for (let from = 0; from < text.length;) {
      const next = text.indexOf('\n', from + PIECE_CHARS) + 1;
      const to = next > 0 ? next : text.length;
      yield text.slice(from, to);
      from = to;
    }
}

function write(parser: Parser, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

function finish(parser: Parser): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.once('error', reject);
    parser.end(resolve);
  });
}

/** A record beside its text in the file, which tells a quoted cell without text from one that is not there. */
interface RawRecord {
  record: string[];
  raw: string;
}

function withNulls({ record, raw }: RawRecord, delimiter: string, quote: string): (string | null)[] {
  if (!record.includes('')) return record;
  // Empty lines before it are no part of it.
  let at = /^[\r\n]*/.exec(raw)![0].length;
  return record.map((cell) => {
    const isQuoted = raw.startsWith(quote, at);
    if (isQuoted) at = endOfQuoted(raw, at + quote.length, quote);
    const next = raw.indexOf(delimiter, at);
    at = next < 0 ? raw.length : next + delimiter.length;
    return cell === '' && !isQuoted ? null : cell;
  });
}

/** The place behind the quote that closes a cell; two of them stand for one within it. */
function endOfQuoted(raw: string, from: number, quote: string): number {
  for (let at = raw.indexOf(quote, from); at >= 0; at = raw.indexOf(quote, at + 2 * quote.length))
    if (!raw.startsWith(quote, at + quote.length)) return at + quote.length;
  return raw.length;
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
