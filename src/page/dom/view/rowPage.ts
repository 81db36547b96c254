import { formatNumber } from '../../charts/format.js';
import { el } from '../el.js';
import { typeset } from '../typeset.js';
import { getJson } from './api.js';

interface Lost {
  kind: string;
  step?: string;
  reason: string;
  message: string;
  question?: string | null;
  reply: string | null;
}

interface Call {
  model: string;
  kind: string;
  prompts: (string | null)[];
  settings: Record<string, unknown>;
  replies: unknown[] | null;
}

interface History {
  seq: number;
  committed: { kept: Record<string, unknown>[]; lost: Lost[]; isCommitted: boolean };
  steps: {
    step: string;
    operator: string;
    calls: Call[];
    kept: Record<string, unknown>[];
    lost: Lost[];
    note: string | null;
  }[];
}

/** One source position: what became of it, and each step with what it asked and was answered. */
export async function rowPage(seq: number): Promise<HTMLElement> {
  const element = el(
    'section',
    { 'aria-labelledby': 'row-title' },
    title(seq),
    el('p', { class: 'note', role: 'status' }, 'Reading …'),
  );
  void getJson<History>(`api/row?seq=${seq}`).then(
    (history) => element.replaceChildren(title(seq), ...neighbours(seq), ...shownHistory(history)),
    (error: Error) =>
      element.replaceChildren(title(seq), el('p', { class: 'rejected', role: 'status' }, error.message)),
  );
  return element;
}

function title(seq: number): HTMLElement {
  return el('h2', { id: 'row-title' }, `Row ${seq}`);
}

function neighbours(seq: number): HTMLElement[] {
  const before = seq > 0 ? [el('a', { href: `#row/${seq - 1}` }, `row ${seq - 1}`)] : [];
  return [
    el(
      'nav',
      { class: 'controls', 'aria-label': 'Neighbouring rows' },
      ...before,
      el('a', { href: `#row/${seq + 1}` }, `row ${seq + 1}`),
    ),
  ];
}

function shownHistory({ committed, steps }: History): HTMLElement[] {
  const { kept, lost, isCommitted } = committed;
  if (!isCommitted) return [el('p', {}, 'No commit covers this position yet.')];
  return [
    ...(kept.length + lost.length === 0
      ? [el('p', {}, 'The set has no row of this position, and no step lost one.')]
      : []),
    ...lost.map(lostElement),
    ...kept.map((row) => el('div', { class: 'card' }, el('p', {}, tag('kept', 'kept')), values(row))),
    el('h2', {}, 'Its way through the steps'),
    el('ol', { class: 'steps' }, ...steps.map(stepElement)),
  ];
}

function tag(kind: string, text: string): HTMLElement {
  return el('span', { class: `tag ${kind}` }, text);
}

function lostElement({ kind, step, reason, message, question, reply }: Lost): HTMLElement {
  return el(
    'div',
    { class: 'card' },
    el(
      'p',
      {},
      tag(kind, kind),
      ` by ${step ?? 'a step'}: ${reason}${message === '' ? '' : ` (${message})`}`,
    ),
    ...(question ? [words(question)] : []),
    ...(reply ? [el('h3', {}, 'What the model wrote'), words(reply)] : []),
  );
}

function stepElement({ step, operator, calls, kept, lost, note }: History['steps'][number]): HTMLElement {
  const outcome = lost[0]
    ? tag(lost[0].kind, `${lost[0].kind}: ${lost[0].reason}`)
    : tag('kept', kept.length > 1 ? `${kept.length} rows` : 'kept');
  const isUnknown = lost.length === 0 && kept.length === 0 && note !== null && calls.length > 0;
  return el(
    'li',
    {},
    el(
      'h3',
      {},
      step,
      ' ',
      ...(operator !== step && operator !== '' ? [el('span', { class: 'note' }, operator), ' '] : []),
      isUnknown ? '' : outcome,
    ),
    ...(note === null ? [] : [el('p', { class: 'note' }, note)]),
    ...lost.filter(({ message }) => message !== '').map(({ message }) => el('p', {}, message)),
    ...kept.filter((row) => Object.keys(row).length > 0).map(values),
    ...calls.map((call, at) => callElement(call, at, calls.length)),
  );
}

function callElement({ model, kind, prompts, settings, replies }: Call, at: number, of: number): HTMLElement {
  const asked = Object.entries(settings).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? value : JSON.stringify(value)}`,
  );
  const summary = `${of > 1 ? `Call ${at + 1} of ${of}` : 'Call'} of ${model}: ${kind}${asked.length > 0 ? `, ${asked.join(', ')}` : ''}`;
  return el(
    'details',
    {},
    el('summary', {}, summary),
    el('h4', {}, 'Sent'),
    ...prompts.map((prompt) =>
      prompt === null
        ? el('p', { class: 'note' }, 'The opening of a user turn, and nothing else.')
        : el('pre', {}, prompt),
    ),
    el('h4', {}, 'Received'),
    ...(replies === null
      ? [el('p', { class: 'note' }, 'The store has no reply.')]
      : replies.map((reply) => replyElement(reply))),
  );
}

function replyElement(reply: unknown): HTMLElement {
  if (typeof reply === 'object' && reply !== null && 'text' in reply) {
    const { text, finish, tokens, reasoning } = reply as Record<string, unknown>;
    return el(
      'div',
      {},
      ...(reasoning ? [el('pre', { class: 'note' }, String(reasoning))] : []),
      el('pre', {}, String(text)),
      el('p', { class: 'note' }, `${String(finish)}, ${formatNumber(Number(tokens))} tokens`),
    );
  }
  return el('pre', {}, typeof reply === 'string' ? reply : JSON.stringify(reply));
}

/** Every column of a row. */
function values(row: Record<string, unknown>): HTMLElement {
  const entries = Object.entries(row).map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, shown(value))),
  );
  return el('dl', { class: 'values' }, ...entries);
}

function shown(value: unknown): Node | string {
  if (typeof value === 'string') return words(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return el('ol', {}, ...value.map((item) => el('li', {}, words(item as string))));
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value);
}

function words(text: string): HTMLElement {
  const element = el('div', { class: 'words' });
  element.append(typeset(text));
  return element;
}
