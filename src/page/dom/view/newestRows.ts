import type { NewestRow, ShownRun } from '../../view/messages.js';
import { openRowTable } from '../../view/rowTable.js';
import { shortened } from '../../view/shortened.js';
import { el } from '../el.js';
import { typeset } from '../typeset.js';
import { fetchBytes } from './api.js';

/** The newest rows of the set: as the run tells them, or the last of the newest shard where no process tells any. */
export interface NewestRows {
  readonly element: HTMLElement;
  facts(facts: ShownRun | null): void;
  all(rows: readonly NewestRow[]): void;
  row(row: NewestRow): void;
}

const ROWS_SHOWN = 5;
const CHARS_SHOWN = 400;
/** Columns that are shown where a set has them; else its first ones. */
const PREFERRED = ['question', 'prompt', 'instruction', 'response', 'text'];
const COLUMNS_SHOWN = 2;

export function newestRows(): NewestRows {
  const element = el('div', { class: 'newest' }, note());
  let told: readonly NewestRow[] = [];

  function show(rows: readonly NewestRow[]): void {
    element.replaceChildren(
      rows.length === 0 ? note() : el('ul', { class: 'rows' }, ...rows.map(rowElement)),
    );
  }

  return {
    element,
    facts(facts) {
      if (told.length > 0) return;
      if (!facts) return show([]);
      void committedRows(facts).then((rows) => {
        if (told.length === 0 && rows !== null) show(rows);
      });
    },
    all(rows) {
      told = rows;
      show(told);
    },
    row(row) {
      told = [row, ...told].slice(0, ROWS_SHOWN);
      show(told);
    },
  };
}

function note(): HTMLElement {
  return el('p', { class: 'note' }, 'Rows show here as soon as the first ones are kept.');
}

function rowElement({ seq, texts }: NewestRow): HTMLElement {
  return el(
    'li',
    {},
    seq === null ? '' : el('a', { href: `#row/${seq}` }, `row ${seq}`),
    ...shownNames(Object.keys(texts)).map((name, at) => {
      const words = el('p', { class: at === 0 ? 'words' : 'words response' });
      words.append(typeset(shortened(texts[name]!, CHARS_SHOWN)));
      return words;
    }),
  );
}

function shownNames(names: readonly string[]): string[] {
  const preferred = PREFERRED.filter((name) => names.includes(name));
  return (preferred.length > 0 ? preferred : names).slice(0, COLUMNS_SHOWN);
}

/** The last rows of the newest shard; null where they cannot be read: the run has been started anew, and says so. */
async function committedRows({ shards, columns }: ShownRun): Promise<NewestRow[] | null> {
  const last = shards.at(-1);
  const names = shownNames(columns.filter(({ type }) => type === 'string').map(({ name }) => name));
  if (!last || names.length === 0) return [];
  const seq = columns.some(({ name }) => name === 'seq') ? ['seq'] : [];
  const table = openRowTable([last], fetchBytes);
  try {
    const rows = await table.read(Math.max(0, last.rows - ROWS_SHOWN), last.rows, [...names, ...seq]);
    return rows.toReversed().map((row) => ({
      seq: typeof row['seq'] === 'number' ? row['seq'] : null,
      texts: Object.fromEntries(names.map((name) => [name, String(row[name] ?? '')])),
    }));
  } catch {
    return null;
  }
}
