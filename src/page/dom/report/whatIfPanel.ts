import { formatNumber, formatShare } from '../../charts/format.js';
import { type HistogramData, histogramOption } from '../../charts/histogram.js';
import {
  type WhatIfControl,
  type WhatIfData,
  type WhatIfResult,
  type WhatIfRows,
  whatIf,
} from '../../report/whatIf.js';
import type { PageCharts } from '../charts.js';
import { button, el } from '../el.js';

/** Sliders on thresholds, and what they would keep. */
export function whatIfPanel(data: WhatIfData, rows: WhatIfRows, charts: PageCharts): HTMLElement {
  const { controls, metrics } = data;
  const at = controls.map((control) => control.at);
  const now = whatIf(data, rows, at);
  const words = createWords(data);
  const sliders = controls.map((control, index) =>
    slider(control, (next) => {
      at[index] = next;
      showSoon();
    }),
  );
  const boxes = metrics.map(({ label }) => {
    const chart = charts.add(`what would be kept, by ${label}`, () => ({}));
    return { chart, element: el('div', { class: 'card' }, el('h3', {}, label), chart.element) };
  });

  let isDue = false;
  /** Once a frame at most: a slider that is dragged tells more moves than can be drawn. */
  function showSoon(): void {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      show();
    });
  }

  function show(): void {
    const found = whatIf(data, rows, at);
    words.show(found);
    boxes.forEach(({ chart }, metric) => {
      const histogram = changedHistogram(data, at, metric, now, found);
      chart.draw((theme) => histogramOption(histogram, theme));
    });
  }

  const reset = button('Back to the run', () => {
    controls.forEach((control, index) => {
      at[index] = control.at;
      sliders[index]!.set(control.at);
    });
    show();
  });
  show();
  return el(
    'div',
    {},
    el('div', { class: 'cards' }, ...sliders.map(({ element }) => element)),
    ...words.elements,
    el('div', { class: 'controls' }, reset),
    el('div', { class: 'cards' }, ...boxes.map(({ element }) => element)),
  );
}

/** The count, why it may be another one, and what to type. */
function createWords(data: WhatIfData): { elements: HTMLElement[]; show(found: WhatIfResult): void } {
  const count = el('p', { class: 'count', role: 'status' });
  const reasons = el('ul', { class: 'note' });
  const command = el('pre', { class: 'command', tabindex: '0', 'aria-label': 'what to type' });
  return {
    elements: [count, reasons, command],
    show(found) {
      const { kept, isExact, positionsToTarget, sets } = found;
      const isSame = sets.length === 0;
      count.replaceChildren(
        isExact ? 'Exactly ' : 'About ',
        el('strong', {}, formatNumber(kept)),
        ` rows kept of ${formatNumber(data.positions)} read (${formatShare(kept, data.positions)})`,
        isSame ? ': the run as it is.' : `; the run kept ${formatNumber(data.rowsKept)}.`,
      );
      reasons.replaceChildren(...found.reasons.map((reason) => el('li', {}, reason)));
      reasons.hidden = found.reasons.length === 0;
      command.textContent = isSame
        ? 'Move a slider: here stands what to type.'
        : commandOf(data, sets, positionsToTarget);
    },
  };
}

/** What would be kept, on what is kept now. */
function changedHistogram(
  { controls, metrics }: WhatIfData,
  at: readonly number[],
  metric: number,
  now: WhatIfResult,
  found: WhatIfResult,
): HistogramData {
  const { label, edges } = metrics[metric]!;
  const marks = controls.flatMap(({ meaning, grid, grades, title }, index) => {
    const value = grid[at[index]!];
    return value !== undefined && isAbout(meaning, label)
      ? [{ at: value, label: `${title} ${nameOf(value, grades)}` }]
      : [];
  });
  const counts = found.distributions[metric]!.map((each) => Math.round(each * 10) / 10);
  const gone = now.distributions[metric]!.map((each, bin) => Math.max(0, each - counts[bin]!));
  return {
    ...{ label, edges, marks },
    series: [
      { name: 'would be kept', kind: 'kept', counts },
      { name: 'kept now, would go', kind: 'dropped', counts: gone },
    ],
  };
}

/** A mark of a threshold belongs on the chart of its own number. */
function isAbout(meaning: string, label: string): boolean {
  return meaning.split(' ').includes(label);
}

function commandOf(
  { isLimitNeeded, positions, target }: WhatIfData,
  sets: readonly string[],
  positionsToTarget: number | null,
): string {
  const flags = (all: readonly string[]): string => all.map((set) => `--set ${set}`).join(' ');
  const lines = [flags(sets)];
  if (target !== null && positionsToTarget !== null)
    lines.push(
      `# with its target of ${formatNumber(target)} rows the run reads about ` +
        `${formatNumber(positionsToTarget)} source rows, not ${formatNumber(positions)}`,
    );
  if (isLimitNeeded) lines.push(`# of the same source rows: ${flags([...sets, `limit=${positions}`])}`);
  return lines.join('\n');
}

/** A number, or the grade that it stands for. */
function nameOf(value: number, grades: readonly string[]): string {
  return grades[value - 1] ?? String(value);
}

interface Slider {
  element: HTMLElement;
  set(at: number): void;
}

function slider(control: WhatIfControl, onMove: (at: number) => void): Slider {
  const { step, option, title, meaning, keeps, grid, grades, at, hasKeptValues } = control;
  const id = `slider-${step}-${option}`;
  // Without a value all rows pass: one place beyond the grid.
  const ends = {
    min: keeps === 'atLeast' && at < 0 ? -1 : 0,
    max: keeps !== 'atLeast' && at === grid.length ? grid.length : grid.length - 1,
  };
  // Where nothing is known of the rows that passed, no stricter value can be judged.
  if (!hasKeptValues && keeps === 'atLeast') ends.max = at;
  if (!hasKeptValues && keeps !== 'atLeast') ends.min = at;
  const input = el('input', {
    type: 'range',
    id,
    min: String(ends.min),
    max: String(ends.max),
    step: '1',
    value: String(at),
  });
  const output = el('output', { for: id });
  const text = (value: number): string =>
    grid[value] === undefined ? 'no bound' : nameOf(grid[value], grades);
  const set = (value: number): void => {
    input.value = String(value);
    input.setAttribute('aria-valuetext', text(value));
    output.textContent = value === at ? `${text(value)} (as it ran)` : text(value);
  };
  input.addEventListener('input', () => {
    set(Number(input.value));
    onMove(Number(input.value));
  });
  set(at);
  const words = { atLeast: 'at least', atMost: 'at most', below: 'below' }[keeps];
  const element = el(
    'div',
    { class: 'card' },
    el('label', { for: id }, el('strong', {}, `${step}.${title}`), ' ', output),
    input,
    el('p', { class: 'note' }, `A row passes when its ${meaning} is ${words} this.`),
  );
  return { element, set };
}
