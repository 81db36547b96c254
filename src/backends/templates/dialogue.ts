import { RowError, ScaleQuestError } from '../../errors.js';
import type { Turn } from '../model.js';
import type { ChatTemplate } from './chatTemplate.js';

/** A piece of a dialogue's prompt: a text of the row, or of the template around it. */
export interface DialoguePiece {
  text: string;
  isRow: boolean;
}

/**
 * The prompt of a dialogue, up to where the next message begins. Throws a RowError, ROW_PROMPT, for roles that the template does not
 * take.
 */
export type WriteDialogue = (turns: readonly Turn[], next: 'assistant' | 'user') => DialoguePiece[];

/** The texts of a template that is written out. */
export interface DialogueTexts {
  preQuery: string;
  before: string;
  after: string;
  /** What stands before and after a system message, up to the text of the user. */
  system?: readonly string[] | undefined;
  turn?: string | undefined;
}

/** Dialogues by a template that is written out: system, user, assistant, user and so on. */
export function writtenDialogue(texts: DialogueTexts): WriteDialogue {
  return (given, next) => {
    const turns = texts.system ? given : withoutSystem(given);
    const isSystem = turns[0]?.role === 'system';
    const said = isSystem ? turns.slice(1) : turns;
    assertAlternate(said, next);
    const [begin, close] = isSystem ? texts.system! : [said.length > 0 ? texts.before : texts.preQuery];
    const pieces: DialoguePiece[] = [template(begin!)];
    if (isSystem) pieces.push(row(turns[0]!), template(close!));
    for (const turn of said) {
      if (turn.role === 'user') pieces.push(row(turn), template(texts.after));
      else pieces.push(row(turn), template(turnOf(texts)));
    }
    return pieces;
  };
}

function turnOf({ turn }: DialogueTexts): string {
  if (turn !== undefined) return turn;
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    'the template has no form for several turns; give it `turn`, what stands between a reply and the next text of the user, or ' +
      'use { tokenizer: path }',
  );
}

/** Dialogues by a model's own template. Each order of roles is rendered once, with marks where the texts go. */
export function chatDialogue(chat: ChatTemplate, path: string): WriteDialogue {
  const skeletons = new Map<string, string[]>();
  let system: boolean | undefined;

  function render(roles: readonly string[], next: 'assistant' | 'user'): string[] {
    const messages = roles.map((role, at) => ({ role, content: markAt(at) }));
    if (next === 'assistant') return cut(chat.render(messages, true), roles.length, path);
    const asked = [...messages, { role: 'user', content: markAt(roles.length) }];
    return cut(chat.render(asked, false), roles.length + 1, path).slice(0, -1);
  }

  function skeletonOf(roles: readonly string[], next: 'assistant' | 'user'): string[] {
    const key = [next, ...roles].join(' ');
    const known = skeletons.get(key);
    if (known) return known;
    const made = render(roles, next);
    if (skeletons.size < SKELETONS_MAX) skeletons.set(key, made);
    return made;
  }

  return (given, next) => {
    assertAlternate(given[0]?.role === 'system' ? given.slice(1) : given, next);
    const turns = takesSystem() ? given : withoutSystem(given);
    const around = skeletonOf(
      turns.map(({ role }) => role),
      next,
    );
    return around.flatMap((text, at) =>
      at < turns.length ? [template(text), row(turns[at]!)] : [template(text)],
    );
  };

  function takesSystem(): boolean {
    return (system ??= rendersSystem(chat));
  }
}

const SKELETONS_MAX = 64;

/** Whether a template writes a system message as it is; some refuse it, or leave it out. */
function rendersSystem(chat: ChatTemplate): boolean {
  try {
    const messages = ['system', 'user'].map((role, at) => ({ role, content: markAt(at) }));
    return chat.render(messages, true).split(MARKS).length === 3;
  } catch (error) {
    if (error instanceof ScaleQuestError) return false;
    throw error;
  }
}

const markAt = (at: number): string => `SCALEQUEST-TURN-${at}-7041`;
const MARKS = /SCALEQUEST-TURN-\d+-7041/;

/** What stands around the texts. Throws ERR_MODEL_LOAD for a template that does not keep each of them once, in order. */
function cut(rendered: string, texts: number, path: string): string[] {
  const marks = [...rendered.matchAll(new RegExp(MARKS, 'g'))].map(([mark]) => mark);
  if (marks.join() === Array.from({ length: texts }, (_, at) => markAt(at)).join())
    return rendered.split(MARKS);
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `${path} has a chat_template that does not keep each message of a dialogue as it is, exactly once`,
  );
}

/** The text of a system message goes before the first text of the user, as templates without a system role have it. */
function withoutSystem(turns: readonly Turn[]): readonly Turn[] {
  const [system, first, ...rest] = turns;
  if (system?.role !== 'system') return turns;
  if (first?.role !== 'user') throw roles(turns, 'a message of the user after that of the system');
  return [{ role: 'user', content: `${system.content}\n\n${first.content}` }, ...rest];
}

/** User and assistant take turns; who is to speak next has not spoken last. */
function assertAlternate(said: readonly Turn[], next: 'assistant' | 'user'): void {
  const isWrong = said.some(({ role }, at) => role !== (at % 2 === 0 ? 'user' : 'assistant'));
  if (isWrong) throw roles(said, 'user and assistant by turns');
  const last = next === 'assistant' ? 'user' : 'assistant';
  if (said.at(-1)?.role !== last)
    throw roles(said, `a message of the ${last} last, as the ${next} is to speak`);
}

function roles(turns: readonly Turn[], expected: string): RowError {
  const found = turns.map(({ role }) => role).slice(0, 12);
  return new RowError(
    'ROW_PROMPT',
    `found a dialogue of ${found.join(', ') || 'no message'}; expected ${expected}`,
  );
}

function template(text: string): DialoguePiece {
  return { text, isRow: false };
}

function row({ content }: Turn): DialoguePiece {
  return { text: content, isRow: true };
}
