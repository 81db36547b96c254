import { determinant } from '../values/matrices.js';
import type { Expression } from './expression.js';
import { type Reader, deeper, isName, isSign, peek, refuse, take } from './reader.js';

/** What the grammar reads in a cell and in a line. */
export interface CellGrammar {
  parseRelation: (reader: Reader) => Expression;
  parseSum: (reader: Reader) => Expression;
}

const MATRIX = /^(?:[pbB]?matrix\*?|smallmatrix|array)$/;
const DETERMINANT = /^[vV]matrix$/;
const SYSTEM = /^(?:cases|dcases|rcases|aligned|align\*?|gathered|split)$/;

/** `\begin{…}…\end{…}` behind its opening: a matrix, a determinant, or a system of conditions. */
export function parseEnvironment(reader: Reader, environment: string, grammar: CellGrammar): Expression {
  if (SYSTEM.test(environment)) return parseSystem(reader, environment, grammar);
  if (!MATRIX.test(environment) && !DETERMINANT.test(environment)) return refuse();
  skipColumns(reader);
  const rows: Expression[][] = [[]];
  while (!isName(peek(reader), `end ${environment}`)) {
    if (!peek(reader)) return refuse();
    if (take(reader, '\\\\')) rows.push([]);
    else if (!take(reader, '&')) rows.at(-1)!.push(deeper(reader, () => grammar.parseSum(reader)));
  }
  reader.at += 1;
  const filled = rows.filter((row) => row.length > 0);
  const width = filled[0]?.length ?? 0;
  if (width === 0 || filled.some((row) => row.length !== width)) return refuse();
  return DETERMINANT.test(environment)
    ? (determinant(filled, reader.budget) ?? refuse())
    : { kind: 'matrix', rows: filled };
}

/** `{cc}` of an array, and `[t]`. */
function skipColumns(reader: Reader): void {
  if (!isSign(peek(reader), '{')) return;
  while (!isSign(peek(reader), '}')) if (++reader.at > reader.tokens.length) return refuse();
  reader.at += 1;
}

/** True for `\{` before an environment: one brace that spans its lines. */
export function startsSystem(reader: Reader): boolean {
  const next = peek(reader, 1);
  return isSign(peek(reader), '\\{') && next?.kind === 'name' && next.name.startsWith('begin ');
}

export function parseBracedSystem(reader: Reader, grammar: CellGrammar): Expression {
  const { name } = peek(reader, 1) as { name: string };
  reader.at += 2;
  const system = parseSystem(reader, name.slice('begin '.length), grammar);
  take(reader, '\\}');
  return system;
}

/** Conditions that hold together, one a line; a line of two cells is a value and when it holds. */
function parseSystem(reader: Reader, environment: string, grammar: CellGrammar): Expression {
  skipColumns(reader);
  const items: Expression[] = [];
  for (;;) {
    while (take(reader, '\\\\') || take(reader, '&'));
    if (isName(peek(reader), `end ${environment}`)) break;
    if (!peek(reader)) return refuse();
    items.push(deeper(reader, () => parseLine(reader, grammar)));
  }
  reader.at += 1;
  if (items.length === 0) return refuse();
  return items.length === 1 ? items[0]! : { kind: 'list', items, joins: items.slice(1).map(() => 'and') };
}

const CONDITION_WORD = /^,? ?(?:if|when|for|where)\b/i;
const OTHERWISE = /^(?:,? ?(?:otherwise|else))$/i;

function parseLine(reader: Reader, grammar: CellGrammar): Expression {
  const value = parseAligned(reader, grammar);
  const isPunctuated = take(reader, ',');
  const hasCell = take(reader, '&');
  if (!hasCell && !isPunctuated) return value;
  const next = peek(reader);
  if (next?.kind === 'word' && OTHERWISE.test(next.text)) {
    reader.at += 1;
    return pair(value, { kind: 'text', text: 'otherwise' });
  }
  if (next?.kind === 'word' && CONDITION_WORD.test(next.text)) reader.at += 1;
  if (isSign(peek(reader), '\\\\') || isName(peek(reader), 'end cases', 'end array', 'end aligned'))
    return value;
  return pair(value, parseAligned(reader, grammar));
}

function pair(value: Expression, condition: Expression): Expression {
  return { kind: 'bracket', open: '(', close: ')', items: [value, condition] };
}

/** `x &= 1`: the sign that aligns lines says nothing. */
function parseAligned(reader: Reader, { parseRelation }: CellGrammar): Expression {
  const next = reader.tokens.findIndex((token, at) => at > reader.at && isSign(token, '&'));
  const behind = next < 0 ? undefined : reader.tokens[next + 1];
  const isAligning = isSign(behind, '=', '<', '>') || isName(behind, 'le', 'ge', 'ne', 'approx', 'equiv');
  if (isAligning) reader.tokens = reader.tokens.toSpliced(next, 1);
  return parseRelation(reader);
}
