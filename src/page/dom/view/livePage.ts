import { formatNumber, formatSpan } from '../../charts/format.js';
import { funnelHeightPx, funnelOption } from '../../charts/funnel.js';
import { linesOption } from '../../charts/lines.js';
import type { ChartOption } from '../../charts/option.js';
import type { Theme } from '../../theme.js';
import { lineText } from '../../view/lineText.js';
import type {
  AllNow,
  LivePoint,
  LiveTraining,
  LiveState,
  LogLine,
  NewestRow,
  ShownRun,
} from '../../view/messages.js';
import { type LiveChart, chartIn } from '../chartIn.js';
import { button, el, table } from '../el.js';
import { post } from './api.js';
import { newestRows } from './newestRows.js';

/** The page of a run as it stands: steps, models, charts, newest rows, log. */
export interface LivePage {
  readonly element: HTMLElement;
  /** Null where there is no run to read. */
  facts(facts: ShownRun | null): void;
  all(now: AllNow): void;
  state(state: LiveState, isPaused: boolean): void;
  point(point: LivePoint): void;
  line(line: LogLine): void;
  row(row: NewestRow): void;
  theme(theme: Theme): void;
  /** Whether the server answers. */
  connected(isConnected: boolean): void;
}

const LINES_SHOWN = 200;

export function livePage(): LivePage {
  const parts = liveParts();
  const { element, log, newest, charts } = parts;
  const own: Own = {
    ...{ facts: null, state: null, isPaused: false, canControl: false, canPause: false, isConnected: true },
    ...{ hasRun: true, program: null },
    ...{ points: [], theme: null },
  };
  return {
    element,
    facts(facts) {
      own.facts = facts;
      show(own, parts);
      newest.facts(facts);
    },
    all({ state, isPaused, points, log: lines, rows, canControl, canPause, hasRun, chain }) {
      const program = hasRun ? null : (chain?.link ?? null);
      Object.assign(own, { state, isPaused, points, canControl, canPause, hasRun, program });
      log.replaceChildren(...lines.slice(-LINES_SHOWN).map(lineElement).toReversed());
      newest.all(rows);
      showControls(own, parts);
      show(own, parts);
    },
    state(state, isPaused) {
      const isOther = own.isPaused !== isPaused || own.state?.phase !== state.phase;
      Object.assign(own, { state, isPaused });
      if (isOther) showControls(own, parts);
      show(own, parts);
    },
    point(point) {
      own.points.push(point);
      if (own.points.length > POINTS_MAX) own.points = own.points.filter((_, at) => at % 2 === 1);
      charts.draw(own);
    },
    line(line) {
      log.prepend(lineElement(line));
      while (log.childElementCount > LINES_SHOWN) log.lastElementChild!.remove();
    },
    row: newest.row,
    theme(theme) {
      own.theme = theme;
      charts.draw(own);
    },
    connected(isConnected) {
      if (own.isConnected === isConnected) return;
      own.isConnected = isConnected;
      show(own, parts);
    },
  };
}

const POINTS_MAX = 2400;

type Parts = ReturnType<typeof liveParts>;

function liveParts() {
  const status = el('p', { class: 'status', role: 'status' });
  const figures = el('dl', { class: 'figures' });
  const progress = el('progress', { max: '1', 'aria-label': 'Share of the run that is done' });
  const controls = el('div', { class: 'controls' });
  const [steps, models, trainings] = [el('div'), el('div'), el('div')];
  const log = el('ol', { class: 'log', tabindex: '0', 'aria-label': 'Log of the run' });
  const newest = newestRows();
  const charts = chartCards();
  const stepsPart = el(
    'div',
    {},
    el('h2', {}, 'Steps'),
    el('div', { class: 'split' }, steps, charts.funnel.card),
  );
  const newestPart = el('div', {}, el('h2', {}, 'Newest rows'), newest.element);
  const ofRows = [figures, stepsPart, newestPart];
  const element = el(
    'section',
    { 'aria-labelledby': 'live-title' },
    el('h2', { id: 'live-title', class: 'unseen' }, 'How the run stands'),
    ...[status, progress, controls, figures],
    stepsPart,
    models,
    charts.overTime,
    trainings,
    el('div', { class: 'split' }, newestPart, el('div', {}, el('h2', {}, 'Log'), log)),
  );
  return {
    element,
    status,
    figures,
    progress,
    controls,
    steps,
    models,
    trainings,
    ofRows,
    log,
    newest,
    charts,
  };
}

function show(
  own: Own,
  { status, figures, progress, steps, models, trainings, ofRows, charts }: Parts,
): void {
  status.replaceChildren(...statusOf(own));
  status.className = `status ${statusClass(own)}`;
  const share = own.facts?.isComplete ? 1 : own.state?.progress;
  progress.hidden = share === null || share === undefined;
  progress.value = share ?? 0;
  for (const part of ofRows) part.hidden = !own.hasRun;
  figures.replaceChildren(...figuresOf(own));
  steps.replaceChildren(stepsTable(own));
  models.replaceChildren(...modelsTables(own));
  trainings.replaceChildren(...trainingsTable(own.state?.trainings ?? []));
  charts.draw(own);
}

function showControls(own: Own, { controls }: Parts): void {
  controls.replaceChildren();
  if (!own.canControl || own.state?.phase === 'reported' || own.state?.phase === 'failed') return;
  const toggle = button(
    own.isPaused ? 'Go on' : 'Pause',
    () => void post(own.isPaused ? 'control/resume' : 'control/pause'),
  );
  const stop = button('Stop', () => {
    if (confirm('Stop the run? What is committed stays, and the same command goes on from there.'))
      void post('control/stop');
  });
  controls.append(...(own.canPause ? [toggle, stop] : [stop]));
}

interface Own {
  facts: ShownRun | null;
  state: LiveState | null;
  isPaused: boolean;
  canControl: boolean;
  canPause: boolean;
  hasRun: boolean;
  /** The link of a chain that is a program. */
  program: string | null;
  isConnected: boolean;
  points: LivePoint[];
  theme: Theme | null;
}

function statusOf({ facts, state, isPaused, isConnected, hasRun, program }: Own): string[] {
  if (!isConnected)
    return ['The process that serves this page has ended or does not answer; the page tries again.'];
  if (program !== null) return [`The program of the link ${program} runs; it has no rows to show.`];
  if (!hasRun) return ['The run has not begun yet.'];
  if (facts?.isComplete) return ['The run is complete.'];
  if (state?.failure?.code === 'ERR_CANCELLED')
    return ['The run was stopped. What is committed is intact; the same command goes on.'];
  if (state?.failure) return [`The run failed: ${state.failure.message} [${state.failure.code}]`];
  if (facts && !facts.isRunning)
    return ['No process runs it: it was stopped or killed. The same command goes on from the last commit.'];
  if (isPaused)
    return [`Paused: no further row is read; ${formatNumber(state?.inFlight ?? 0)} are being finished.`];
  const waits = (state?.waits ?? []).map(waitText);
  return waits.length > 0 ? [waits.join(' ')] : ['Running.'];
}

function statusClass({ facts, state, isPaused, isConnected }: Own): string {
  if (!isConnected || state?.failure) return 'rejected';
  if (facts?.isComplete) return 'kept';
  return isPaused || (facts && !facts.isRunning) ? 'dropped' : '';
}

function waitText({ kind, model, line, trouble, waitedS }: LiveState['waits'][number]): string {
  if (kind === 'models') return 'Models are being opened.';
  if (kind === 'server')
    return `Waiting for the server of ${model}, ${Math.round(waitedS ?? 0)} s: ${line || 'it has written nothing yet'}.`;
  if (kind === 'trouble') return `${model}: ${trouble}.`;
  return 'Waiting for workers.';
}

function isRunning({ facts, state }: Pick<Own, 'facts' | 'state'>): boolean {
  return state?.phase === 'flowing' && !facts?.isComplete && facts?.isRunning !== false;
}

function figuresOf({ facts, state }: Own): HTMLElement[] {
  const isLive = isRunning({ facts, state }) && state !== null;
  const tokens = Object.values(state?.models ?? {}).reduce((sum, each) => sum + each.completionTokens, 0);
  const kept = isLive ? state.finished : (facts?.kept ?? 0);
  const goal = state?.goal.target ?? Number(facts?.parts['target'] ?? NaN);
  const entries: [string, string][] = [
    [
      'rows kept',
      Number.isFinite(goal) ? `${formatNumber(kept)} of ${formatNumber(goal)}` : formatNumber(kept),
    ],
    ['source rows', formatNumber(isLive ? state.watermark : (facts?.positions ?? 0))],
    ...(isLive
      ? ([
          ['rows a second', state.rates.rowsPerS === null ? '–' : formatNumber(state.rates.rowsPerS)],
          ['time left', state.remainingS === null ? '–' : formatSpan(state.remainingS)],
          ['rows in flight', formatNumber(state.inFlight)],
        ] as [string, string][])
      : []),
    ...(state && state.elapsedS > 0
      ? ([['time of this start', formatSpan(state.elapsedS)]] as [string, string][])
      : []),
    ...(tokens > 0 ? ([['tokens written', formatNumber(tokens)]] as [string, string][]) : []),
  ];
  return entries.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));
}

/** While it runs, the counters of this start; afterwards the exact ones of the commits. */
function stepRows({ facts, state }: Own) {
  const live = state?.steps ?? [];
  if (live.some(({ rowsIn }) => rowsIn > 0) && !facts?.isComplete)
    return live.map((step) => ({ ...step, reasons: '', perS: state!.rates.decidedPerS[step.step] ?? null }));
  return (facts?.funnel ?? []).map(({ step, rowsIn, kept, dropped, rejected }) => ({
    ...{ step, rowsIn, kept, dropped: sumOf(dropped), rejected: sumOf(rejected), perS: null },
    reasons: [...Object.entries(dropped), ...Object.entries(rejected)]
      .map(([reason, rows]) => `${reason} ${formatNumber(rows)}`)
      .join(', '),
  }));
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function stepsTable(own: Own): HTMLElement {
  const rows = stepRows(own);
  const hasReasons = rows.some(({ reasons }) => reasons !== '');
  const cells = rows.map(({ step, rowsIn, kept, dropped, rejected, reasons, perS }) => [
    step,
    formatNumber(rowsIn),
    formatNumber(kept),
    formatNumber(dropped),
    formatNumber(rejected),
    hasReasons ? reasons : perS === null ? '–' : formatNumber(perS),
  ]);
  const head = ['step', 'rows in', 'kept', 'dropped', 'rejected', hasReasons ? 'lost to' : 'rows/s'];
  return table('Rows at each step', head, cells, [false, true, true, true, true, !hasReasons]);
}

/** What is in flight was so when it was last measured: of a run that has ended it says nothing. */
function modelsTables(own: Own): HTMLElement[] {
  const models = own.state?.models ?? {};
  const isLive = isRunning(own);
  const entries = Object.entries(models);
  if (entries.length === 0) return [];
  const title = el('h2', {}, 'Models');
  const cells = entries.flatMap(([name, model]) => [
    [
      name,
      ...(isLive ? [model.inFlight, model.queued] : []).map(formatNumber),
      ...[model.requests, model.retries, model.failures].map(formatNumber),
      ...[model.promptTokens, model.completionTokens].map(formatNumber),
      model.storeHits === undefined ? '–' : formatNumber(model.storeHits),
    ],
  ]);
  const head = [
    'model',
    ...(isLive ? ['in flight', 'queued'] : []),
    'requests',
    'retries',
    'failures',
    'tokens read',
    'tokens written',
    'from the store',
  ];
  const isNumber = head.map((_, at) => at > 0);
  const replicas = entries.flatMap(([name, { replicas: all = [] }]) =>
    all.map((replica) => ({ model: name, ...replica })),
  );
  const tables = [title, table('Models', head, cells, isNumber)];
  return replicas.length === 0 ? tables : [...tables, replicasTable(replicas)];
}

function trainingsTable(trainings: readonly LiveTraining[]): HTMLElement[] {
  if (trainings.length === 0) return [];
  const number = (value: number): string => (Number.isFinite(value) ? formatNumber(value) : '–');
  const cells = trainings.map(({ label, isEnded, metrics, lossFirst }) => [
    label,
    isEnded ? 'ended' : 'runs',
    lossFirst === null ? '–' : number(lossFirst),
    Object.entries(metrics)
      .map(([name, value]) => `${name} ${number(value)}`)
      .join(', '),
  ]);
  const head = ['training or program', 'state', 'first loss', 'reported last'];
  return [el('h2', {}, 'Trainings'), table('Trainings', head, cells, [false, false, true])];
}

function replicasTable(replicas: readonly Record<string, unknown>[]): HTMLElement {
  const names = [...new Set(replicas.flatMap((replica) => Object.keys(replica)))];
  const isNumber = names.map((name) => replicas.every((replica) => typeof replica[name] === 'number'));
  const text = (value: unknown): string =>
    typeof value === 'number'
      ? formatNumber(value)
      : value === undefined || value === null
        ? '–'
        : String(value);
  const cells = replicas.map((replica) => names.map((name) => text(replica[name])));
  return table('Replicas', names.map(spaced), cells, isNumber);
}

/** `inFlight` as a title. */
function spaced(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function lineElement(line: LogLine): HTMLElement {
  const time = el('time', { datetime: line.at }, line.at.slice(11, 19));
  const isBad = line.event['event'] === 'failed';
  return el('li', isBad ? { class: 'rejected' } : {}, time, ' ', lineText(line));
}

function chartCards() {
  const chart = (title: string, isTall = false) => {
    const area = el('div', { class: isTall ? 'chart tall' : 'chart' });
    const card = el('div', { class: 'card' }, el('h3', {}, title), area);
    let drawn: LiveChart | null = null;
    return {
      card,
      area,
      draw(option: ChartOption): void {
        if (!area.isConnected || area.clientWidth === 0) return;
        drawn ??= chartIn(area);
        drawn.draw(option);
      },
    };
  };
  const funnel = chart('Rows that each step passed on', true);
  const rate = chart('Rows a second');
  const tokens = chart('Tokens a second, written by each model');
  const calls = chart('Requests in flight and queued');
  const overTime = el('div', { class: 'cards' }, rate.card, tokens.card, calls.card);
  return {
    funnel,
    overTime,
    draw(own: Own): void {
      const { theme, points } = own;
      if (!theme) return;
      const steps = stepRows(own).map(({ step, kept, dropped, rejected }) => ({
        step,
        kept,
        dropped,
        rejected,
      }));
      funnel.card.hidden = steps.length === 0;
      if (steps.length > 0) {
        funnel.area.style.height = `${funnelHeightPx({ steps })}px`;
        funnel.draw(funnelOption({ steps }, theme));
      }
      overTime.hidden = points.length < 2;
      if (points.length < 2) return;
      rate.draw(
        linesOption(
          { label: 'rows/s', series: [seriesOf('rows', points, ({ rowsPerS }) => rowsPerS)] },
          theme,
        ),
      );
      const names = [...new Set(points.flatMap(({ models }) => Object.keys(models)))];
      tokens.card.hidden = calls.card.hidden = names.length === 0;
      const perModel = names.map((name) =>
        seriesOf(name, points, ({ models }) => models[name]?.tokensPerS ?? null),
      );
      tokens.draw(linesOption({ label: 'tokens/s', series: perModel }, theme));
      const waiting = names.flatMap((name) => [
        seriesOf(`${name} in flight`, points, ({ models }) => models[name]?.inFlight ?? null),
        seriesOf(`${name} queued`, points, ({ models }) => models[name]?.queued ?? null),
      ]);
      calls.draw(linesOption({ label: 'requests', series: waiting }, theme));
    },
  };
}

function seriesOf(name: string, points: readonly LivePoint[], valueOf: (point: LivePoint) => number | null) {
  return { name, points: points.map((point) => [point.elapsedS, valueOf(point)] as const) };
}
