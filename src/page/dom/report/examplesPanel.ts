import { formatNumber } from '../../charts/format.js';
import type { ExampleRow } from '../../report/reportData.js';
import { button, el } from '../el.js';
import { typeset } from '../typeset.js';

/** Rows in the page at a time: formulas are costly. */
const SHOWN_ROWS = 50;

/** Examples by what became of them, fifty at a time. */
export function examplesPanel(rows: readonly ExampleRow[]): HTMLElement {
  const groups = groupsOf(rows);
  if (groups.size === 0) return el('p', {}, 'The run has no rows.');
  const names = [...groups.keys()];
  const list = el('div', { role: 'region', 'aria-label': 'examples', 'aria-live': 'polite' });
  const select = el(
    'select',
    { id: 'examples-of' },
    ...names.map((name) =>
      el('option', { value: name }, `${name} (${formatNumber(groups.get(name)!.length)})`),
    ),
  );
  const search = el('input', {
    type: 'search',
    id: 'examples-search',
    placeholder: 'words in these examples',
  });
  let from = 0;
  const before = button('Before', () => turn(from - SHOWN_ROWS));
  const after = button('Next', () => turn(from + SHOWN_ROWS));
  const place = el('span', { class: 'note' });

  function turn(to: number): void {
    from = to;
    show();
  }

  function show(): void {
    const words = search.value.toLowerCase();
    const all = groups.get(select.value)!;
    const found =
      words === ''
        ? all
        : all.filter(({ fields }) => fields.some(([, text]) => text.toLowerCase().includes(words)));
    from = Math.max(0, Math.min(from, found.length - 1));
    const shown = found.slice(from, from + SHOWN_ROWS);
    list.replaceChildren(...shown.map(rowElement));
    place.textContent =
      found.length === 0 ? 'none' : `${from + 1} – ${from + shown.length} of ${found.length}`;
    before.disabled = from === 0;
    after.disabled = from + SHOWN_ROWS >= found.length;
  }

  select.addEventListener('change', () => turn(0));
  search.addEventListener('input', () => turn(0));
  show();
  return el(
    'div',
    {},
    el(
      'div',
      { class: 'controls' },
      el('label', { for: 'examples-of' }, 'Examples of'),
      select,
      el('label', { for: 'examples-search', class: 'unseen' }, 'Search'),
      search,
      ...[before, after, place],
    ),
    list,
  );
}

function groupsOf(rows: readonly ExampleRow[]): Map<string, ExampleRow[]> {
  const groups = new Map<string, ExampleRow[]>();
  for (const row of rows) {
    const name = row.lost ? `${row.lost.step}: ${row.lost.kind}, ${row.lost.reason}` : 'kept';
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

function rowElement({ seq, lost, fields }: ExampleRow): HTMLElement {
  const items = fields.filter(([name]) => ITEM.test(name));
  const single = fields.filter(([name]) => !ITEM.test(name));
  const [short, long] = [
    single.filter(([, text]) => text.length <= 30),
    single.filter(([, text]) => text.length > 30),
  ];
  return el(
    'article',
    { class: 'row', 'aria-label': `row ${seq}` },
    el(
      'p',
      { class: 'facts' },
      el('strong', {}, seq < 0 ? 'row' : `row ${seq}`),
      el('span', { class: `tag ${lost?.kind ?? 'kept'}` }, lost ? `${lost.kind}: ${lost.reason}` : 'kept'),
      lost && lost.message !== '' ? el('span', {}, lost.message) : null,
      ...short.map(([name, text]) =>
        el('span', { class: 'fact' }, el('span', { class: 'note' }, `${name} `), text),
      ),
    ),
    ...long.map(fieldElement),
    items.length > 0 ? itemsElement(items) : null,
  );
}

/** `responses 2`: one text of a list. */
const ITEM = /^(.+) \d+$/;

type Field = readonly [string, string];

function fieldElement([name, text]: Field): HTMLElement {
  const words = el('div', { class: 'words', dir: 'auto' }, typeset(text));
  return el('div', { class: 'field' }, el('div', { class: 'note' }, name), words);
}

/** All samples of a row: set when they are asked for. */
function itemsElement(items: readonly Field[]): HTMLElement {
  const names = [...new Set(items.map(([name]) => ITEM.exec(name)![1]!))].join(', ');
  const details = el('details', {}, el('summary', {}, `${names} (${items.length})`));
  details.addEventListener('toggle', () => details.append(...items.map(fieldElement)), { once: true });
  return details;
}
