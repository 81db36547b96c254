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
 * What stands after the thought of a reply: all of it where it has none, nothing where the thought does not end. A reply may begin
 * within its thought, as the opening mark can stand in the prompt. Linear in the reply.
 */
export function afterThought(reply: string): string {
  const spoken = finalChannel(reply) ?? spokenAnswer(reply);
  if (spoken !== null) return spoken;
  if (!MARK_BEGINS.some((char) => reply.includes(char))) return reply;
  let start = 0;
  let isOpen = false;
  for (const { index, 0: mark } of reply.matchAll(MARK)) {
    if (reply[index - 1] === '`' && reply[index + mark.length] === '`') continue;
    isOpen = !CLOSES.test(mark);
    if (!isOpen) start = index + mark.length;
  }
  if (isOpen) return '';
  return start === 0 ? reply : unwrapped(reply.slice(start));
}

/** True where all of the reply is a thought: it may have been cut off in it, or ended without an answer. */
export function isOnlyThought(reply: string): boolean {
  return reply.trim() !== '' && afterThought(reply).trim() === '';
}

function unwrapped(answer: string): string {
  return answer.replace(ANSWER_OPENS, '').split(ANSWER_CLOSES, 1)[0]!.trim();
}

const CHANNEL = '<|channel|>';
const MESSAGE = '<|message|>';
const MESSAGE_END = /<\|(?:end|return|call|start)\|>/;

/** The last message of a reply in channels, where it is the final one; nothing where it is not, null where there are no channels. */
function finalChannel(reply: string): string | null {
  // To look from the end takes many times as long, and nearly no reply holds one.
  if (!reply.includes(CHANNEL)) return null;
  const at = reply.lastIndexOf(CHANNEL);
  const name = reply.slice(at + CHANNEL.length).trimStart();
  const message = name.indexOf(MESSAGE);
  if (!name.startsWith('final') || message < 0) return '';
  return name
    .slice(message + MESSAGE.length)
    .split(MESSAGE_END, 1)[0]!
    .trim();
}

function spokenAnswer(reply: string): string | null {
  const form = SPOKEN.find(([begins]) => begins.test(reply));
  if (!form) return null;
  const at = reply.lastIndexOf(form[1]);
  return at < 0
    ? ''
    : reply
        .slice(at + form[1].length)
        .replace(/\[END FINAL RESPONSE\]/, '')
        .trim();
}
