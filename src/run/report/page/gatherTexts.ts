import type { Column, ColumnValue } from '../../../arrow/columnType.js';
import type { Files } from '../../../io/files/files.js';
import type { CommitRecord } from '../../../io/runFolder/manifest.js';
import type { ValuesData } from '../../../page/charts/values.js';
import type { Cluster, ExampleRow } from '../../../page/report/reportData.js';
import { deriveUniform } from '../../../random.js';
import { finalAnswer } from '../../../text/finalAnswer.js';
import { type FewRows, fewRows } from './fewRows.js';
import { type NearOptions, nearDuplicates } from './nearDuplicates.js';
import { valueCounts } from './valueCounts.js';
import { type KeptRunRow, type LostRunRow, runRows } from './runRows.js';

/** What the texts of rows tell. */
export interface RowTexts {
  /** Rows that were read. */
  rows: number;
  /** For each text column, and each list of texts, the characters of the rows that are kept. */
  lengths: ReadonlyMap<string, readonly number[]>;
  /** Columns of few values, as those that `sample` draws: how many of the rows that are kept have each. */
  values: readonly ValuesData[];
  /** The share of a row's samples that give its commonest answer. */
  agreements: readonly number[];
  /** Of each row that is kept, in order: its similarity to an earlier question; empty where none were compared. */
  similarities: readonly number[];
  clusters: readonly Cluster[];
  /** Kept rows, then lost ones by step and reason, drawn evenly. */
  examples: readonly ExampleRow[];
}

export interface TextsRequest {
  folder: string;
  commits: readonly CommitRecord[];
  columns: readonly Column[];
  hasSeq: boolean;
  seed: number;
  /** How questions were compared, and the steps whose lost rows had passed that; null where they were not. */
  near: (NearOptions & { step: string; stepsBehind: ReadonlySet<string> }) | null;
  keptMax: number;
  /** Rows of one step and reason. */
  lostMax: number;
}

/** Groups of lost rows: reasons of a user's own operator may be many. */
const GROUPS_MAX = 60;
const CLUSTERS_MAX = 30;
/** Numbers of one histogram. */
const LENGTHS_MAX = 200_000;

/** Reads the texts of the rows of these commits, once. */
export async function gatherTexts(files: Files, request: TextsRequest): Promise<RowTexts> {
  const { columns, near, seed, keptMax, lostMax } = request;
  const texts = columns.filter(({ type }) => type === 'string' || type === 'list<string>');
  const lengths = new Map(texts.map(({ name }): [string, number[]] => [name, []]));
  const categories = columns.filter(({ type }) => type === 'string' || type === 'bool');
  const counted = new Map(categories.map(({ name }) => [name, valueCounts()]));
  const agreements: number[] = [];
  const similarities: number[] = [];
  const duplicates = near && request.hasSeq ? nearDuplicates(near) : null;
  const questionAt = columns.findIndex(({ name }) => name === 'question');
  const keptExamples = fewRows<ExampleRow>(keptMax);
  const lostExamples = new Map<string, FewRows<ExampleRow>>();
  let rows = 0;

  for await (const row of runRows(files, { ...request, withTexts: true })) {
    const hash = deriveUniform(seed, 'report', Math.max(row.seq, 0), rows);
    rows += 1;
    if (row.isKept) addKept(row, hash);
    else addLost(row, hash);
  }
  return {
    ...{ rows, lengths, agreements, similarities },
    values: [...counted].flatMap(([name, counts]) => counts.end(name) ?? []),
    clusters: duplicates?.clusters(CLUSTERS_MAX) ?? [],
    examples: [keptExamples, ...lostExamples.values()].flatMap((group) =>
      group.take().toSorted((a, b) => a.seq - b.seq),
    ),
  };

  function addKept({ seq, values }: KeptRunRow, hash: number): void {
    keptExamples.add({ seq, lost: null, fields: fieldsOf(columns, values) }, hash);
    columns.forEach(({ name, type }, at) => {
      const value = values[at]!;
      counted.get(name)?.add(value);
      const own = lengths.get(name);
      if (own && own.length < LENGTHS_MAX) own.push(...charsOf(value));
      if (type === 'list<string>' && name === 'responses') addAgreement(value);
    });
    if (duplicates && questionAt >= 0)
      similarities.push(duplicates.addPassed(seq, textOf(values[questionAt])));
  }

  function addAgreement(value: ColumnValue): void {
    const share = agreementOf(value as readonly (string | null)[] | null);
    if (share !== null && agreements.length < LENGTHS_MAX) agreements.push(share);
  }

  function addLost(row: LostRunRow, hash: number): void {
    const { seq, step, reason, kind, message, question, reply } = row;
    const key = `${step} ${kind} ${reason}`;
    if (!lostExamples.has(key) && lostExamples.size < GROUPS_MAX) lostExamples.set(key, fewRows(lostMax));
    const fields = Object.entries({ question, reply }).flatMap(([name, text]): [string, string][] =>
      text === null || text === '' ? [] : [[name, shortened(text)]],
    );
    const lost = { step, reason: shortened(reason), kind, message: shortened(message) };
    lostExamples.get(key)?.add({ seq, lost, fields }, hash);
    if (!duplicates || question === null) return;
    if (step === near!.step) duplicates.addDuplicate(seq, question);
    else if (near!.stepsBehind.has(step)) duplicates.addPassed(seq, question);
  }
}

/** Characters of one text of an example, and of all texts of one row. */
const FIELD_CHARS_MAX = 3000;
const ROW_CHARS_MAX = 12_000;
/** Texts of a list that are shown. */
const ITEMS_MAX = 8;

function fieldsOf(columns: readonly Column[], values: readonly ColumnValue[]): [string, string][] {
  let leftChars = ROW_CHARS_MAX;
  return columns.flatMap(({ name }, at): [string, string][] => {
    if (name === 'seq' || name === 'seqIndex' || leftChars <= 0) return [];
    const value = values[at]!;
    const list =
      Array.isArray(value) && value.some((each) => typeof each === 'string')
        ? value.slice(0, ITEMS_MAX)
        : null;
    const named: [string, ColumnValue][] = list
      ? list.map((each: ColumnValue, item) => [`${name} ${item + 1}`, each])
      : [[name, value]];
    return named.flatMap(([label, each]): [string, string][] => {
      const text = shortened(textOf(each), Math.max(0, leftChars));
      leftChars -= text.length;
      return text === '' ? [] : [[label, text]];
    });
  });
}

function shortened(text: string, charsMax = FIELD_CHARS_MAX): string {
  const max = Math.min(charsMax, FIELD_CHARS_MAX);
  return text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text;
}

function textOf(value: ColumnValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  if (Array.isArray(value) && value.every((each) => typeof each === 'number'))
    return value.map(textOf).join(', ');
  return typeof value === 'object'
    ? JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each))
    : String(value);
}

function charsOf(value: ColumnValue): number[] {
  if (typeof value === 'string') return [value.length];
  return Array.isArray(value) ? value.flatMap((each) => (typeof each === 'string' ? [each.length] : [])) : [];
}

/** The share of responses that give the commonest final answer; null for fewer than two, or where none states one. */
export function agreementOf(responses: readonly (string | null)[] | null): number | null {
  if (!responses || responses.length < 2) return null;
  const counts = new Map<string, number>();
  for (const response of responses) {
    const answer = response === null ? null : finalAnswer(response);
    if (answer !== null) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return counts.size === 0 ? null : Math.max(...counts.values()) / responses.length;
}
