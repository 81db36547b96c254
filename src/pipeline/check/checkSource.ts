import { resolve } from 'node:path';
import type { ScaleQuestError } from '../../errors.js';
import type { CheckDeps } from './checkDeps.js';
import { type PipelineDocument, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import type { Plan } from '../plan.js';

const HEAD_BYTES = 1 << 18;

/**
 * Files of rows that are not there, and columns that no row at the head of the first JSON Lines file has: every row would be
 * rejected for lack of them. A Parquet file has a schema, and is refused when it is opened.
 */
export async function checkSource(
  document: PipelineDocument,
  { source }: Plan['settings'],
  folder: string,
  deps: CheckDeps,
  problems: ScaleQuestError[],
): Promise<void> {
  const { exists, readHead } = deps;
  checkFiles(document, source, folder, deps, problems);
  if (!source.jsonl) return;
  const path = resolve(folder, [source.jsonl.path].flat()[0]!);
  if (!exists(path) || !path.endsWith('.jsonl')) return;
  const keys = await keysAtHead(path, readHead);
  if (keys.rows === 0) return;
  const { columns, from = {} } = source.jsonl;
  for (const column of Object.keys(columns)) {
    const key = from[column] ?? column;
    if (keys.names.has(key)) continue;
    const message =
      `none of the first ${keys.rows} rows of ${path} has a key "${key}"; ${suggestion(key, [...keys.names])}; ` +
      `another name for it is given by \`from: { ${column}: … }\``;
    problems.push(problem('ERR_DATA_INVALID', document.at(['source', 'jsonl', 'columns', column]), message));
  }
}

function checkFiles(
  document: PipelineDocument,
  source: Plan['settings']['source'],
  folder: string,
  { exists, isPending }: CheckDeps,
  problems: ScaleQuestError[],
): void {
  for (const kind of ['jsonl', 'parquet'] as const) {
    const written = source[kind]?.path ?? [];
    for (const [index, name] of [written].flat().entries()) {
      const path = resolve(folder, name);
      if (exists(path) || isPending?.(path, 'source')) continue;
      const at = ['source', kind, 'path', ...(Array.isArray(written) ? [index] : [])];
      const message = `found nothing at ${path}; expected a file of rows or a folder of them, relative to the pipeline file`;
      problems.push(problem('ERR_IO_READ', document.at(at), message));
    }
  }
}

/** Lines that are no JSON are the reader's to refuse, with their number. */
async function keysAtHead(
  path: string,
  readHead: CheckDeps['readHead'],
): Promise<{ rows: number; names: Set<string> }> {
  const bytes = await readHead(path, HEAD_BYTES);
  const lines = new TextDecoder().decode(bytes).split('\n');
  // The last is cut off where the file goes on.
  if (bytes.length === HEAD_BYTES) lines.pop();
  const names = new Set<string>();
  let rows = 0;
  for (const line of lines) {
    const row = parse(line);
    if (row === null) continue;
    rows += 1;
    for (const [name, value] of Object.entries(row)) if (value !== null) names.add(name);
  }
  return { rows, names };
}

function parse(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
