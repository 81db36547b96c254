import { type Document, LineCounter, type YAMLError, parseDocument } from 'yaml';
import { type Position, ScaleQuestError } from '../../errors.js';
import { documentFaults } from './documentFaults.js';
import { textFault } from './textFault.js';

/** A text as YAML, with what is wrong with it as a whole. */
export interface ParsedYaml {
  document: Document;
  positionAt: (offset: number, key?: string) => Position;
  /** Empty for a text that may be read on. */
  problems: ScaleQuestError[];
}

const SYNTAX_ERRORS_MAX = 3;

/**
 * Parses YAML 1.2 that a stranger may have written, in time that the size of the text bounds. Aliases are resolved, and none is
 * without an end; keys are words, each once.
 */
export function parseYaml(file: string, text: string): ParsedYaml {
  const lines = new LineCounter();
  const fault = textFault(text);
  if (fault !== null) {
    const { line, message } = fault;
    const found = new ScaleQuestError('ERR_PIPELINE_SYNTAX', message, { at: { file, line } });
    return { document: parseDocument(''), positionAt: () => ({ file, line }), problems: [found] };
  }

  function positionAt(offset: number, key?: string): Position {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, key };
  }
  function problemAt(offset: number, message: string, key?: string): ScaleQuestError {
    return new ScaleQuestError('ERR_PIPELINE_SYNTAX', message, { at: positionAt(offset, key) });
  }

  // A lone CR ends a line in YAML; the library does not know it. Places stay where they are.
  const document = parsed(text.replace(/\r(?!\n)/g, '\n'), lines);
  if (document === null) {
    return { document: parseDocument(''), positionAt, problems: [problemAt(0, TOO_DEEP)] };
  }
  // What follows the first few is mostly their consequence.
  const syntax = document.errors
    .slice(0, SYNTAX_ERRORS_MAX)
    .map((error) => problemAt(error.pos[0], syntaxMessage(error, text)));
  if (syntax.length > 0) return { document, positionAt, problems: syntax };
  const faults = documentFaults(document);
  return {
    document,
    positionAt,
    problems: faults.map(({ offset, message, key }) => problemAt(offset, message, key)),
  };
}

/** Null where the text is nested more deeply than the parser’s own recursion can go. */
function parsed(text: string, lineCounter: LineCounter): Document | null {
  const { stackTraceLimit } = Error;
  // The library makes an error object for each of thousands of mistakes, and their traces would take most of the time.
  Error.stackTraceLimit = 0;
  try {
    // Its own search for equal keys is quadratic, and the schema must not follow a directive of the text.
    return parseDocument(text, {
      ...{ lineCounter, prettyErrors: false, uniqueKeys: false },
      ...{ schema: 'core', merge: false },
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const TOO_DEEP = 'lists and maps are nested too deeply to be read; expected a pipeline file';

const MESSAGES: ReadonlyMap<string, string> = new Map([
  ['MULTIPLE_DOCS', 'a second document begins here (---); expected one in a file'],
  ['TAB_AS_INDENT', 'a tab is no indentation in YAML; use spaces'],
]);

function syntaxMessage({ code, message, pos }: YAMLError, text: string): string {
  const from = text.lastIndexOf('\n', pos[0] - 1) + 1;
  // `{ path: ${HOME} }`: the braces of a variable are those of a map.
  if (/\$\{[A-Za-z_]/.test(text.slice(from, pos[0] + 200).split('\n')[0]!) && code !== 'MULTIPLE_DOCS')
    return `${firstLine(message)}; expected valid YAML: inside braces and brackets, a text with \${NAME} needs quotes, as "\${NAME}"`;
  // In some places the library catches the end of its own recursion.
  if (message.startsWith('Maximum call stack')) return TOO_DEEP;
  return MESSAGES.get(code) ?? `${firstLine(message)}; expected valid YAML`;
}

/** The first line of what the YAML library says, without the mark at its end. */
export function firstLine(message: string): string {
  return message.split('\n')[0]!.replace(/[.:]$/, '');
}
