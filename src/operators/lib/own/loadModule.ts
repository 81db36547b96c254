import { pathToFileURL } from 'node:url';
import { ScaleQuestError } from '../../../errors.js';
import { type CheckedDefinition, checkDefinition } from './operatorDefinition.js';

/** Executes a module of a user's own. Throws ERR_OPERATOR_LOAD. */
export async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string };
    const advice =
      code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(file)
        ? '; this Node runs no TypeScript: compile it, or use Node 22.18 or newer'
        : '';
    throw new ScaleQuestError(
      'ERR_OPERATOR_LOAD',
      `${file} cannot be imported: ${message ?? String(error)}${advice}`,
      {
        cause: error,
      },
    );
  }
}

/** The operator that a loaded module exports by a name. Throws ERR_OPERATOR_LOAD. */
export function exportedOperator(
  loaded: Readonly<Record<string, unknown>>,
  name: string,
  file: string,
): CheckedDefinition {
  if (name !== 'default' && !Object.hasOwn(loaded, name)) {
    const found = Object.keys(loaded).filter((each) => each !== 'default');
    const message = `${file} exports no "${name}"; it exports ${found.join(', ') || 'nothing by a name'}`;
    throw new ScaleQuestError('ERR_OPERATOR_LOAD', message);
  }
  return checkDefinition(
    loaded[name],
    `the ${name === 'default' ? 'default export' : `export ${name}`} of ${file}`,
  );
}

/** An operator of a module, and the name under which it is exported. */
export interface ExportedOperator {
  exported: string;
  definition: CheckedDefinition;
}

/** All operators that a module exports, each once. Throws ERR_OPERATOR_LOAD for one with a mistake. */
export function exportedOperators(
  loaded: Readonly<Record<string, unknown>>,
  file: string,
): ExportedOperator[] {
  // A name is worth more than `default`, which many modules have beside it.
  const names = Object.keys(loaded).toSorted((a, b) => Number(a === 'default') - Number(b === 'default'));
  return names
    .filter((exported) => isOperator(loaded[exported]))
    .filter((exported, at, all) => all.findIndex((other) => loaded[other] === loaded[exported]) === at)
    .map((exported) => ({ exported, definition: exportedOperator(loaded, exported, file) }));
}

function isOperator(value: unknown): boolean {
  if (typeof value === 'function') return 'definition' in value;
  if (typeof value !== 'object' || value === null) return false;
  const { row, batch } = value as { row?: unknown; batch?: unknown };
  return typeof row === 'function' || typeof batch === 'function';
}
