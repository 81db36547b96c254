import { escapeRegExp } from './escapeRegExp.js';

/** Opening and closing marks of a thought, as reasoning models write them; not where a text quotes one in backticks. */
const TAGS = 'think|thinking|thoughts?|reasoning|reflection|seed:think|longcat_think';
const MARK = new RegExp(
  [
    String.raw`<[|｜]?\/?(?:${TAGS})[|｜]?>`,
    String.raw`◁\/?think▷`,
    String.raw`\[\/?THINK\]`,
    String.raw`<\|(?:begin|end)_of_(?:thought|thinking)\|>`,
    String.raw`<\|(?:start|end)_thinking\|>`,
    String.raw`<\|inner_(?:prefix|suffix)\|>`,
  ].join('|'),
  'gi',
);
/** What any mark begins with. Most replies hold none, and to see that costs less than to look for each mark. */
const MARK_BEGINS = ['<', '◁', '['];
const CLOSES = /\/|end_|suffix/i;

/** Marks of a thought that a user names, as `<scratch>` and `</scratch>`. */
export interface ThoughtMarks {
  open: string;
  close: string;
}

/** A reply taken apart. */
export interface SplitReply {
  /** Without its marks, trimmed; empty where there is none. */
  thought: string;
  /** All of the reply where it has no thought; empty where the thought does not end. */
  answer: string;
}

/** What models write around an answer that follows a thought. */
const ANSWER_OPENS = /^\s*<\|(?:begin_of_solution|start_response)\|>/i;
const ANSWER_CLOSES = /<\|(?:end_of_solution|end_response)\|>/i;

/** Replies whose thought is told from the answer by words: [how they begin, what the answer follows]. */
const SPOKEN: readonly (readonly [RegExp, string])[] = [
  // The channels of gpt-oss after a server has taken their markers out.
  [/^\s*analysis(?=[A-Z])/, 'assistantfinal'],
  [/^\s*Here(?: i|’|')s my thought process:/, 'Here is my response:'],
  [/^\s*Here are my reasoning steps:/, '[BEGIN FINAL RESPONSE]'],
];

/**
 * Takes the thought of a reply from its answer. A reply may begin within its thought, as the opening mark can stand in the prompt:
 * what stands before the last closing mark is the thought. Linear in the reply.
 */
export const splitThought = thoughtSplitter();

/** Splits replies by the marks that are known, and by `own` where they are given. */
export function thoughtSplitter(own?: ThoughtMarks): (reply: string) => SplitReply {
  const [open, close] = own ? [own.open.toLowerCase(), own.close.toLowerCase()] : [];
  const marks = own
    ? new RegExp([escapeRegExp(own.open), escapeRegExp(own.close), MARK.source].join('|'), 'gi')
    : MARK;

  function isClosing(mark: string): boolean {
    const lower = mark.toLowerCase();
    if (lower === open || lower === close) return lower === close;
    return CLOSES.test(mark);
  }

  return (reply) => {
    const spoken = channelsOf(reply) ?? spokenSplit(reply);
    if (spoken) return spoken;
    if (!own && !MARK_BEGINS.some((char) => reply.includes(char))) return { thought: '', answer: reply };
    const thought: string[] = [];
    let start = 0;
    let read = 0;
    let isOpen = false;
    for (const { index, 0: mark } of reply.matchAll(marks)) {
      if (reply[index - 1] === '`' && reply[index + mark.length] === '`') continue;
      thought.push(reply.slice(read, index));
      read = index + mark.length;
      isOpen = !isClosing(mark);
      if (!isOpen) start = read;
    }
    if (isOpen) return { thought: joined([...thought, reply.slice(read)]), answer: '' };
    // What stands behind the last mark, where that closes, is no thought; where none closes there is no mark at all.
    return start === 0
      ? { thought: '', answer: reply }
      : { thought: joined(thought), answer: unwrapped(reply.slice(start)) };
  };
}

/** What stands after the thought of a reply: all of it where it has none, nothing where the thought does not end. */
export function afterThought(reply: string): string {
  return splitThought(reply).answer;
}

/** True where all of the reply is a thought: it may have been cut off in it, or ended without an answer. */
export function isOnlyThought(reply: string): boolean {
  return reply.trim() !== '' && afterThought(reply).trim() === '';
}

/** A thought and its answer in one text, in the form that most models are trained on; `splitThought` takes it apart again. */
export function withThought(thought: string, answer: string): string {
  return thought === '' ? answer : `<think>\n${thought}\n</think>\n\n${answer}`;
}

function joined(parts: readonly string[]): string {
  return parts.join('').trim();
}

function unwrapped(answer: string): string {
  return answer.replace(ANSWER_OPENS, '').split(ANSWER_CLOSES, 1)[0]!.trim();
}

const CHANNEL = '<|channel|>';
const MESSAGE = '<|message|>';
const MESSAGE_END = /<\|(?:end|return|call|start)\|>/;

/** The last message of a reply in channels is its answer, where it is the final one. Null where there are no channels. */
function channelsOf(reply: string): SplitReply | null {
  // To look from the end takes many times as long, and nearly no reply holds one.
  if (!reply.includes(CHANNEL)) return null;
  const [before, ...messages] = reply.split(CHANNEL);
  const texts = messages.map(messageText);
  const isAnswered = messages.at(-1)!.trimStart().startsWith('final') && texts.at(-1) !== null;
  const thoughts = [messageOf(before!), ...(isAnswered ? texts.slice(0, -1) : texts)];
  return {
    thought: thoughts.filter((text) => text !== null && text !== '').join('\n\n'),
    answer: isAnswered ? texts.at(-1)! : '',
  };
}

/** The text of what follows the mark of a channel; null where it has none. */
function messageText(channel: string): string | null {
  const message = channel.indexOf(MESSAGE);
  return message < 0 ? null : messageOf(channel.slice(message + MESSAGE.length));
}

function messageOf(text: string): string {
  return text.split(MESSAGE_END, 1)[0]!.trim();
}

function spokenSplit(reply: string): SplitReply | null {
  const form = SPOKEN.find(([begins]) => begins.test(reply));
  if (!form) return null;
  const [begins, ends] = form;
  const at = reply.lastIndexOf(ends);
  const thought = reply.slice(0, at < 0 ? undefined : at).replace(begins, '');
  const answer = at < 0 ? '' : reply.slice(at + ends.length).replace(/\[END FINAL RESPONSE\]/, '');
  return { thought: thought.trim(), answer: answer.trim() };
}
