import { formatNumber } from '../../charts/format.js';
import type { ShownRun } from '../../view/messages.js';
import { type RowTable, type TableRow, openRowTable } from '../../view/rowTable.js';
import { listHeightPx, rowAt, scrollOf } from '../../view/scrollRows.js';
import { type RowFilter, type Selection, selectRows } from '../../view/selectRows.js';
import { button, el } from '../el.js';
import { fetchBytes } from './api.js';

export type RowsKind = 'kept' | 'dropped' | 'rejected';

const ROW_PX = 34;
/** Columns of numbers that stand beside the text. */
const NUMBERS_MAX = 4;

/** The rows of a run in a list that scrolls, with a search, filters and an order; read from the Parquet files themselves. */
export function rowsPage(facts: ShownRun, kind: RowsKind): HTMLElement {
  const isKept = kind === 'kept';
  const rowTable = openRowTable(isKept ? facts.shards : facts.rejects, fetchBytes);
  const shape = isKept ? keptShape(facts) : LOST_SHAPE;
  const base: RowFilter['equal'] = isKept ? {} : { kind };
  const status = el('p', { class: 'note', role: 'status' });
  const list = rowList(rowTable, shape);
  let running: AbortController | null = null;

  async function select(filter: RowFilter): Promise<void> {
    running?.abort();
    const own = (running = new AbortController());
    stop.hidden = filter.text.trim() === '';
    status.textContent = 'Looking …';
    try {
      const onProgress = ({ looked, hits }: { looked: number; hits: number }): void => {
        if (running === own)
          status.textContent = `Looked at the texts of ${formatNumber(looked)} rows; ${formatNumber(hits)} have all words.`;
      };
      const selection = await selectRows(rowTable, filter, onProgress, own.signal);
      if (running !== own) return;
      const isCut = own.signal.aborted ? ' (the search was stopped)' : '';
      const of = `${formatNumber(rowTable.rows)} rows${isKept ? '' : ' that were lost'}`;
      status.textContent = `${formatNumber(selection.count)} of ${of}${isCut}.`;
      list.show(selection);
    } catch (error) {
      status.textContent = `The rows could not be read: ${(error as Error).message}`;
    } finally {
      if (running === own) stop.hidden = true;
    }
  }

  const stop = button('Stop searching', () => running?.abort());
  stop.hidden = true;
  const form = filterForm(
    facts,
    shape,
    kind,
    (filter) => void select({ ...filter, equal: { ...base, ...filter.equal } }),
  );
  void select({ text: '', textColumns: shape.texts, range: null, equal: base, sort: null });
  const title = {
    kept: 'Kept rows',
    dropped: 'Rows that a step dropped',
    rejected: 'Rows that an error rejected',
  }[kind];
  return el(
    'section',
    { 'aria-labelledby': 'rows-title' },
    el('h2', { id: 'rows-title' }, title),
    form,
    status,
    stop,
    list.element,
  );
}

interface Shape {
  /** Columns of the list. */
  shown: readonly string[];
  texts: readonly string[];
  numbers: readonly string[];
}

/** Preferred texts come first: a set may have many. */
function keptShape({ columns }: ShownRun): Shape {
  const isNumber = (type: string): boolean => type === 'int32' || type === 'int64' || type === 'float64';
  const numbers = columns
    .filter(({ name, type }) => isNumber(type) && name !== 'seq')
    .map(({ name }) => name);
  const texts = columns.filter(({ type }) => type === 'string').map(({ name }) => name);
  const first = ['question', 'prompt', 'text'].find((name) => texts.includes(name)) ?? texts[0];
  const seq = columns.some(({ name }) => name === 'seq') ? ['seq'] : [];
  return {
    shown: [...seq, ...(first === undefined ? [] : [first]), ...numbers.slice(0, NUMBERS_MAX)],
    texts,
    numbers: [...seq, ...numbers],
  };
}

const LOST_SHAPE: Shape = {
  shown: ['seq', 'step', 'reason', 'question'],
  texts: ['question', 'message', 'reply'],
  numbers: ['seq'],
};

function filterForm(
  facts: ShownRun,
  { texts, numbers }: Shape,
  kind: RowsKind,
  onFilter: (filter: RowFilter) => void,
): HTMLElement {
  const search = el('input', {
    type: 'search',
    'aria-label': 'Words to look for',
    placeholder: 'words to look for',
  });
  const step = choice('Step', ['every step', ...stepsWith(facts, kind)]);
  const reason = choice('Reason', ['every reason']);
  const column = choice('Column of numbers', numbers);
  const [min, max] = ['from', 'to'].map((word) =>
    el('input', { type: 'number', step: 'any', 'aria-label': word, placeholder: word, class: 'bound' }),
  ) as [HTMLInputElement, HTMLInputElement];
  const sort = choice('Order', [
    'in order',
    ...numbers.flatMap((name) => [`${name}, lowest first`, `${name}, highest first`]),
  ]);

  function showReasons(): void {
    const found = facts.funnel.filter((each) => step.selectedIndex === 0 || each.step === step.value);
    const names = new Set(
      found.flatMap((each) => Object.keys(kind === 'rejected' ? each.rejected : each.dropped)),
    );
    reason.replaceChildren(...['every reason', ...names].map((name) => el('option', {}, name)));
  }

  function filter(): void {
    const bounds = { column: column.value, min: boundOf(min), max: boundOf(max) };
    const at = sort.selectedIndex - 1;
    onFilter({
      ...{ text: search.value, textColumns: texts },
      range: bounds.min === null && bounds.max === null ? null : bounds,
      equal: {
        ...(step.selectedIndex > 0 ? { step: step.value } : {}),
        ...(reason.selectedIndex > 0 ? { reason: reason.value } : {}),
      },
      sort: at < 0 ? null : { column: numbers[at >> 1]!, isDescending: at % 2 === 1 },
    });
  }

  showReasons();
  step.addEventListener('change', showReasons);
  const controls = kind === 'kept' ? [] : [step, reason];
  for (const control of [...controls, column, sort]) control.addEventListener('change', filter);
  for (const input of [search, min, max]) input.addEventListener('change', filter);
  search.addEventListener('search', filter);
  return el('div', { class: 'controls' }, search, ...controls, column, min, max, sort);
}

function choice(label: string, names: readonly string[]): HTMLSelectElement {
  return el('select', { 'aria-label': label }, ...names.map((name) => el('option', {}, name)));
}

function boundOf(input: HTMLInputElement): number | null {
  return input.value === '' || Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber;
}

function stepsWith({ funnel }: ShownRun, kind: RowsKind): string[] {
  return funnel
    .filter((each) => Object.keys(kind === 'rejected' ? each.rejected : each.dropped).length > 0)
    .map(({ step }) => step);
}

/** Only the rows in view are in the document. */
function rowList(rowTable: RowTable, shape: Shape) {
  const { shown } = shape;
  const { view, grid, body, space } = listElements(shape);
  let selection: Selection = { order: null, count: 0 };
  let drawing = 0;

  const viewPx = (): number => Math.max(ROW_PX, view.clientHeight - ROW_PX);
  const inView = (): number => Math.floor(viewPx() / ROW_PX);
  const first = (): number => rowAt(view.scrollTop, selection.count, ROW_PX, viewPx());

  async function draw(): Promise<void> {
    const own = ++drawing;
    const from = first();
    const to = Math.min(selection.count, from + inView() + 1);
    grid.setAttribute('aria-rowcount', String(selection.count + 1));
    try {
      const rows = await rowsOf(rowTable, selection, from, to, shown);
      if (own !== drawing) return;
      body.replaceChildren(...rows.map((row, at) => rowElement(row, from + at, shown)));
      view.dataset['first'] = String(from);
    } catch (error) {
      if (own === drawing)
        body.replaceChildren(el('tr', {}, el('td', { colspan: String(shown.length) }, String(error))));
    }
  }

  view.addEventListener('scroll', () => void draw());
  view.addEventListener('keydown', (event) => {
    const row = rowAfterKey(event.key, first(), inView(), selection.count);
    if (row === null) return;
    event.preventDefault();
    view.scrollTop = scrollOf(row, selection.count, ROW_PX, viewPx());
    void draw();
  });

  return {
    element: view,
    show(next: Selection): void {
      selection = next;
      space.style.height = `${listHeightPx(next.count, ROW_PX) + ROW_PX}px`;
      view.scrollTop = 0;
      requestAnimationFrame(() => void draw());
    },
  };
}

function listElements({ shown, numbers }: Shape) {
  const body = el('tbody');
  const titles = shown.map((name) =>
    el('th', { scope: 'col', class: `column-${name}${numbers.includes(name) ? ' number' : ''}` }, name),
  );
  const caption = 'Rows; the arrow keys, Page Up, Page Down, Home and End scroll';
  const grid = el(
    'table',
    { class: 'list' },
    el('caption', { class: 'unseen' }, caption),
    el('thead', {}, el('tr', {}, ...titles)),
    body,
  );
  const space = el('div', { class: 'space' });
  const view = el(
    'div',
    { class: 'view', tabindex: '0', role: 'region', 'aria-label': 'List of rows' },
    el('div', { class: 'stuck' }, grid),
    space,
  );
  return { view, grid, body, space };
}

/** The row at the top of the view after a key; null for keys that do not scroll. */
function rowAfterKey(key: string, first: number, inView: number, rows: number): number | null {
  const page = Math.max(1, inView - 1);
  const moves = new Map<string, number>([
    ...([
      ['ArrowDown', first + 1],
      ['ArrowUp', first - 1],
      ['PageDown', first + page],
      ['PageUp', first - page],
      ['Home', 0],
      ['End', rows],
    ] as const),
  ]);
  const row = moves.get(key);
  return row === undefined ? null : Math.max(0, Math.min(rows - inView, row));
}

/** Sorted and filtered rows lie anywhere; those of one row group are read at once, and the groups are kept for a while. */
async function rowsOf(
  rowTable: RowTable,
  { order }: Selection,
  from: number,
  to: number,
  columns: readonly string[],
): Promise<TableRow[]> {
  if (!order) return rowTable.read(from, to, columns);
  const numbers = [...order.subarray(from, to)];
  const rows = await Promise.all(numbers.map((row) => rowTable.read(row, row + 1, columns)));
  return rows.map(([row]) => row!);
}

function rowElement(row: TableRow, at: number, shown: readonly string[]): HTMLElement {
  const cells = shown.map((name) => {
    const value = row[name];
    const isNumber = typeof value === 'number' || typeof value === 'bigint';
    const text = isNumber
      ? name === 'seq'
        ? String(value)
        : formatNumber(Number(value))
      : String(value ?? '–').slice(0, 300);
    const content = name === 'seq' ? el('a', { href: `#row/${String(value)}` }, text) : text;
    return el('td', { class: `column-${name}${isNumber ? ' number' : ''}` }, content);
  });
  return el('tr', { 'aria-rowindex': String(at + 2) }, ...cells);
}
