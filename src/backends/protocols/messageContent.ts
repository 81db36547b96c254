/** What a message of a model holds. */
export interface MessageContent {
  /** The answer: all texts one after the other. */
  text: string;
  /** What the model thought before it, where the server tells it apart; empty if it does not. */
  reasoning: string;
  /** The field that held the reasoning, for messages. */
  reasoningField: string;
  /** Kinds of parts that are neither text nor reasoning, as `image_url`. */
  others: readonly string[];
}

/**
 * Fields beside `content` in which servers put reasoning: vLLM before 0.12, SGLang, llama.cpp, DeepSeek; vLLM, OpenRouter; Ollama;
 * MiniMax, and OpenRouter beside the other, in parts.
 */
const REASONING_FIELDS = ['reasoning_content', 'reasoning', 'thinking', 'reasoning_details'];

/** Types of parts that hold reasoning (Mistral, Anthropic, OpenAI's Responses). */
const REASONING_PART = /think|reason/;

/**
 * Reads `message`: its `content` is a text, a list of parts (`text`, `output_text`, `thinking`, `reasoning` …), a part, or
 * absent. Undefined where it is nothing of these.
 */
export function readMessage(message: Record<string, unknown>): MessageContent | undefined {
  const { content } = message;
  const field = REASONING_FIELDS.find((name) => partText(message[name]) !== '') ?? '';
  const reasoning = field === '' ? '' : partText(message[field]);
  if (typeof content === 'string') return { text: content, reasoning, reasoningField: field, others: [] };
  if (content === null || content === undefined)
    return { text: '', reasoning, reasoningField: field, others: [] };
  if (typeof content !== 'object') return undefined;
  const parts: unknown[] = Array.isArray(content) ? content : [content];
  if (!parts.every((part) => typeof part === 'string' || isObject(part))) return undefined;
  const texts: string[] = [];
  const thoughts: string[] = reasoning === '' ? [] : [reasoning];
  const others = new Set<string>();
  for (const part of parts as (string | Record<string, unknown>)[]) {
    const type = typeof part === 'string' ? 'text' : typeOf(part);
    if (REASONING_PART.test(type)) thoughts.push(partText(part));
    else if (TEXT_TYPES.includes(type)) texts.push(partText(part));
    else others.add(type);
  }
  const thought = thoughts.join('');
  const reasoningField = field || (thought === '' ? '' : 'content');
  return { text: texts.join(''), reasoning: thought, reasoningField, others: [...others] };
}

const TEXT_TYPES = ['text', 'output_text', 'input_text', 'refusal'];

function typeOf({ type, text }: Record<string, unknown>): string {
  if (typeof type === 'string') return type.slice(0, TYPE_CHARS_MAX);
  return text === undefined ? 'a part without a type' : 'text';
}

const TYPE_CHARS_MAX = 60;

/** The text of a part: itself, under `text`, `thinking` or the like, or of the parts in it. Deeper lists are no texts. */
function partText(part: unknown, depth = 0): string {
  if (typeof part === 'string') return part;
  if (depth > PARTS_DEPTH_MAX) return '';
  if (Array.isArray(part)) return part.map((one) => partText(one, depth + 1)).join('');
  if (!isObject(part)) return '';
  const found = PART_FIELDS.map((name) => part[name]).find((value) => value !== undefined && value !== null);
  return partText(found, depth + 1);
}

const PART_FIELDS = [
  'text',
  'thinking',
  'reasoning',
  'reasoning_content',
  'refusal',
  'summary',
  'content',
  'value',
];
const PARTS_DEPTH_MAX = 6;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
