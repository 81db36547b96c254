import { densityOption } from '../../charts/density.js';
import { formatNumber, formatShare } from '../../charts/format.js';
import { funnelHeightPx, funnelOption } from '../../charts/funnel.js';
import { histogramOption } from '../../charts/histogram.js';
import { linesOption } from '../../charts/lines.js';
import { valuesHeightPx, valuesOption } from '../../charts/values.js';
import type { Cluster, ExampleRow, ReportData, ReportStep } from '../../report/reportData.js';
import { type WhatIfRows } from '../../report/whatIf.js';
import type { PageCharts } from '../charts.js';
import { el, table } from '../el.js';
import { typeset } from '../typeset.js';
import { examplesPanel } from './examplesPanel.js';
import { whatIfPanel } from './whatIfPanel.js';

export interface PageParts {
  data: ReportData;
  examples: readonly ExampleRow[];
  /** Null without thresholds. */
  rows: WhatIfRows | null;
}

/** The sections of a report, in order; those without data are not there. */
export function reportSections({ data, examples, rows }: PageParts, charts: PageCharts): HTMLElement[] {
  return [
    overview(data),
    section('What became of the rows', funnelParts(data, charts)),
    ...(data.whatIf && rows
      ? [section('What if', [...whatIfWords(data), whatIfPanel(data.whatIf, rows, charts)])]
      : []),
    section('The set in numbers', numberParts(data, charts)),
    section('Over time', lineParts(data, charts)),
    section('Near-duplicates', clusterParts(data.clusters)),
    section('Examples', [
      el(
        'p',
        { class: 'note' },
        `Drawn evenly from ${formatNumber(data.sample.textRows)} rows; long texts are cut.`,
      ),
      examplesPanel(examples),
    ]),
    section('Settings', settingsParts(data)),
  ].filter((each) => each !== null);
}

function section(title: string, parts: readonly HTMLElement[]): HTMLElement | null {
  return parts.length === 0 ? null : el('section', {}, el('h2', {}, title), ...parts);
}

function overview(data: ReportData): HTMLElement {
  const { rowsKept, rowsIn, facts, sample, notes } = data;
  const figures = [
    { name: 'rows kept', value: formatNumber(rowsKept) },
    { name: 'source rows read', value: formatNumber(rowsIn) },
    { name: 'share kept', value: formatShare(rowsKept, rowsIn) },
    ...facts,
  ];
  const sampled = sample.isWhole
    ? []
    : [
        `Charts are made of ${formatNumber(sample.rows)} of ${formatNumber(sample.ofRows)} rows, ` +
          'in whole commits spread evenly over the run. The table of steps counts all rows.',
      ];
  return el(
    'section',
    { 'aria-label': 'overview' },
    ...(data.summary ? [el('p', {}, data.summary)] : []),
    el(
      'dl',
      { class: 'figures' },
      ...figures.map(({ name, value }) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    ),
    ...[...sampled, ...notes].map((note) => el('p', { class: 'note' }, note)),
  );
}

function funnelParts({ funnel, funnelChart, figures }: ReportData, charts: PageCharts): HTMLElement[] {
  if (funnel.length === 0) return [];
  const heightPx = funnelHeightPx(funnelChart);
  const rows = funnel.map(({ step, rowsIn, kept, made, lost }) => [
    step,
    ...[formatNumber(rowsIn), formatNumber(kept), formatShare(kept, rowsIn + made)],
    reasonsOf({ made, lost }),
  ]);
  return [
    charts.add('rows by step', (theme) => funnelOption(funnelChart, theme), { heightPx }).element,
    table('rows by step', ['step', 'rows in', 'went on', 'share', 'lost to'], rows, [
      false,
      true,
      true,
      true,
      false,
    ]),
    ...figures.map((line) => el('p', { class: 'mono' }, line)),
  ];
}

function reasonsOf({ made, lost }: Pick<ReportStep, 'made' | 'lost'>): HTMLElement {
  const items = lost.map(({ reason, kind, rows, meaning }) =>
    el(
      'div',
      {},
      el(
        'span',
        { class: kind === 'leftOut' ? 'note' : kind },
        kind === 'leftOut' ? `${reason} (choices)` : reason,
      ),
      ` ${formatNumber(rows)}`,
      meaning ? el('span', { class: 'note' }, ` – ${meaning}`) : null,
    ),
  );
  return el('div', {}, ...(made > 0 ? [el('div', {}, `${formatNumber(made)} made`)] : []), ...items);
}

function whatIfWords({ whatIf }: ReportData): HTMLElement[] {
  const target =
    whatIf!.target === null
      ? ''
      : ' The run stops at its target: counts are of the source rows that it read.';
  return [
    el(
      'p',
      {},
      `What other thresholds would keep, from the numbers of ${formatNumber(whatIf!.rows)} rows.${target} “Exactly” ` +
        'means that a run with these settings and the stored replies keeps just so many; “about” says why not.',
    ),
  ];
}

function numberParts({ histograms, values, density }: ReportData, charts: PageCharts): HTMLElement[] {
  const cards = histograms.map((histogram) =>
    card(histogram.label, charts.add(histogram.label, (theme) => histogramOption(histogram, theme)).element),
  );
  for (const each of values) {
    const heightPx = valuesHeightPx(each);
    const chart = charts.add(`rows by ${each.label}`, (theme) => valuesOption(each, theme), { heightPx });
    cards.push(card(`rows by ${each.label}`, chart.element));
  }
  if (density) {
    const chart = charts.add(`${density.x} against ${density.y}`, (theme) => densityOption(density, theme));
    cards.push(card(`${density.x} against ${density.y}`, chart.element));
  }
  return cards.length === 0 ? [] : [el('div', { class: 'cards' }, ...cards)];
}

function lineParts({ lines }: ReportData, charts: PageCharts): HTMLElement[] {
  const cards = lines.map((each) =>
    card(each.label, charts.add(each.label, (theme) => linesOption(each, theme)).element),
  );
  return cards.length === 0 ? [] : [el('div', { class: 'cards' }, ...cards)];
}

function card(title: string, ...parts: readonly HTMLElement[]): HTMLElement {
  return el('div', { class: 'card' }, el('h3', {}, title), ...parts);
}

function clusterParts(clusters: readonly Cluster[]): HTMLElement[] {
  if (clusters.length === 0) return [];
  const rows = clusters.map(({ keeper, rows: count, duplicates }) =>
    el(
      'details',
      {},
      el(
        'summary',
        {},
        `row ${keeper.seq} and ${formatNumber(count)} like it: `,
        el('span', { class: 'words' }, keeper.question.slice(0, 120)),
      ),
      el('div', { class: 'words', dir: 'auto' }, typeset(keeper.question)),
      ...duplicates.map(({ seq, similarity, question }) =>
        el(
          'div',
          { class: 'field' },
          el('div', { class: 'note' }, `row ${seq}, similarity ${similarity.toFixed(3)}`),
          el('div', { class: 'words', dir: 'auto' }, typeset(question)),
        ),
      ),
    ),
  );
  return [
    el(
      'p',
      { class: 'note' },
      'The earlier question stayed; those like it were dropped. The largest clusters first.',
    ),
    ...rows,
  ];
}

function settingsParts({ pipeline, models, identity, seed, version }: ReportData): HTMLElement[] {
  const head = models[0]?.facts.map(({ name }) => name) ?? [];
  const rows = models.map(({ model, facts }) => [model, ...facts.map(({ value }) => value)]);
  return [
    ...(rows.length > 0
      ? [table('requests by model', ['model', ...head], rows, [false, ...head.map(() => true)])]
      : []),
    el(
      'p',
      { class: 'note' },
      `Seed ${seed}, scalequest ${version}, identity `,
      el('code', {}, identity.slice(0, 16)),
    ),
    el(
      'details',
      {},
      el('summary', {}, 'The pipeline, as it ran'),
      el('pre', { tabindex: '0', 'aria-label': 'pipeline' }, pipeline),
    ),
  ];
}
