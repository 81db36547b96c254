import type { AllNow, LivePoint, LiveState, LogLine, NewestRow, ShownRun } from '../../view/messages.js';
import { el } from '../el.js';
import { themeSwitch } from '../themeSwitch.js';
import { getJson } from './api.js';
import { diffPage } from './diffPage.js';
import { livePage } from './livePage.js';
import { rowPage } from './rowPage.js';
import { type RowsKind, rowsPage } from './rowsPage.js';

/** The pages of a run, by the part of the address behind `#`. */
export function startApp(): void {
  const main = document.querySelector('main')!;
  const nav = document.querySelector('nav')!;
  const live = livePage();
  let facts: ShownRun | null = null;
  let other: string | null = null;
  let hasRun = true;
  // It is shown again when the run is known, and costs the server a while.
  let row: { seq: string; element: HTMLElement } | null = null;

  async function show(): Promise<void> {
    const hash = location.hash === '' ? '#live' : location.hash;
    nav.replaceChildren(
      ...tabs(other, hasRun).map(([href, text]) =>
        el('a', { href, ...(hash === href ? { 'aria-current': 'page' } : {}) }, text),
      ),
    );
    const kind = /^#rows\/(kept|dropped|rejected)$/.exec(hash)?.[1];
    const seq = /^#row\/(\d{1,10})$/.exec(hash)?.[1];
    if (kind && facts) main.replaceChildren(rowsPage(facts, kind as RowsKind));
    else if (seq !== undefined) {
      if (row?.seq !== seq) row = { seq, element: await rowPage(Number(seq)) };
      main.replaceChildren(row.element);
    } else if (hash === '#diff' && other !== null) main.replaceChildren(diffPage(other));
    else main.replaceChildren(live.element);
    // Charts that were drawn while they were not in the page have no width.
    if (facts) live.facts(facts);
  }

  async function load(): Promise<void> {
    const before = facts?.folder;
    facts = await getJson<ShownRun>('api/run');
    title(facts.name, facts.folder);
    live.facts(facts);
    if (before === facts.folder) return;
    row = null;
    if (location.hash !== '' && location.hash !== '#live') await show();
  }

  const reload = (): void => void load().catch(() => {});
  listen(live, reload, (now) => {
    const isNew = other !== now.other || hasRun !== now.hasRun;
    ({ other, hasRun } = now);
    document.querySelector('.chain')!.textContent = now.chain ? chainText(now.chain) : '';
    // The page may have missed commits.
    if (now.hasRun) reload();
    else {
      facts = null;
      title(now.chain?.chain ?? 'ScaleQuest', '');
      live.facts(null);
    }
    if (isNew) void show();
  });
  themeSwitch(document.querySelector<HTMLButtonElement>('#theme')!, live.theme);
  addEventListener('hashchange', () => {
    void show().then(() => document.querySelector<HTMLElement>('main')!.focus());
  });
  void show();
}

function tabs(other: string | null, hasRun: boolean): [string, string][] {
  if (!hasRun) return [['#live', 'Run']];
  return [
    ['#live', 'Run'],
    ['#rows/kept', 'Kept'],
    ['#rows/dropped', 'Dropped'],
    ['#rows/rejected', 'Rejected'],
    ...(other === null ? [] : ([['#diff', 'Compared']] as [string, string][])),
  ];
}

function title(name: string, folder: string): void {
  document.querySelector('h1')!.textContent = name;
  document.title = `${name}: ScaleQuest`;
  document.querySelector('.folder')!.textContent = folder;
}

function chainText({ chain, link, number, links }: NonNullable<AllNow['chain']>): string {
  return `${link}, link ${number} of ${links} of the chain ${chain}`;
}

function listen(live: ReturnType<typeof livePage>, reload: () => void, onAll: (now: AllNow) => void): void {
  const events = new EventSource('events');
  const on = <Data>(name: string, take: (data: Data) => void): void =>
    events.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as Data));
  on<AllNow>('all', (now) => {
    live.all(now);
    live.connected(true);
    onAll(now);
  });
  on<{ state: LiveState; isPaused: boolean }>('state', ({ state, isPaused }) => live.state(state, isPaused));
  on<LivePoint>('point', live.point);
  on<LogLine>('line', live.line);
  on<NewestRow>('row', live.row);
  on<object>('folder', reload);
  events.addEventListener('error', () => live.connected(false));
}
