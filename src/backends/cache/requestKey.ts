import { createHash, hash } from 'node:crypto';
import type {
  ChooseRequest,
  CompleteRequest,
  EmbedRequest,
  ExecuteRequest,
  Message,
  ScoreRequest,
} from '../model.js';
import { isWellFormed } from '../../text/wellFormed.js';

/**
 * The key under which the store keeps a reply: the first 16 bytes of the SHA-256 of all that is asked, as a string of
 * characters 0-255. In a store of a thousand million requests, two would share a key with a chance of 10^-21. With the
 * processor's own instructions SHA-256 costs no more than two rounds of xxhash would.
 *
 * `identity` names the model and its template. The row counts only through the seed. At temperature 0 the seed does not count
 * either: the same question, asked of the same model in two rows, is one request.
 *
 * In each text that is hashed, the parts that may contain line ends come last, or as JSON. So no two requests share a text.
 */
export interface RequestKeys {
  complete(request: CompleteRequest): string;
  choose(request: ChooseRequest): string;
  score(request: ScoreRequest): string;
  embed(request: EmbedRequest): string;
  execute(request: ExecuteRequest): string;
}

/** The version of the replies' format in the store. It is part of every key. */
const REPLY_FORMAT = 1;
const KEY_CHARS = 16;

/**
 * Of a request, the fields that its key is made of. Each other field is named as one that decides no reply: a field that is in neither
 * list is an error of the compiler where the key is made.
 */
type Keyed<R, Fields extends keyof R, Others extends keyof R> = [Exclude<keyof R, Fields | Others>] extends [
  never,
]
  ? Pick<R, Fields>
  : never;

type Beside = 'seq' | 'step' | 'record';
type KeyedComplete = Keyed<
  CompleteRequest,
  'message' | 'n' | 'tokensMax' | 'temperature' | 'topP' | 'seed' | 'thinkingTokensMax' | 'jsonSchema',
  Beside | 'stream'
>;
type KeyedChoose = Keyed<ChooseRequest, 'message' | 'options', Beside>;
type KeyedScore = Keyed<ScoreRequest, 'items' | 'areSteps', Beside>;
type KeyedEmbed = Keyed<EmbedRequest, 'texts', Beside>;
type KeyedExecute = Keyed<
  ExecuteRequest,
  'language' | 'program' | 'tests' | 'cpuSeconds' | 'memoryMiB',
  Beside
>;

export function requestKeys(identity: string): RequestKeys {
  const prefix = keyOf(`${REPLY_FORMAT}\n${identity}`);
  return {
    complete(request: KeyedComplete) {
      const { message, n, tokensMax, temperature, topP, seed, thinkingTokensMax, jsonSchema } = request;
      const drawn = temperature === 0 ? 'greedy' : seed;
      // Absent where it is not asked for, so that replies of a store without it are found again.
      const bound = thinkingTokensMax === undefined ? '' : ` thought ${thinkingTokensMax}`;
      const held = jsonSchema === undefined ? '' : ` json ${schemaText(jsonSchema)}`;
      const sampling = `${n} ${tokensMax} ${temperature} ${topP} ${drawn}${bound}${held}`;
      return keyOf(`${prefix}complete\n${sampling}\n${messageText(message)}`);
    },
    choose({ message, options }: KeyedChoose) {
      return keyOf(`${prefix}choose\n${JSON.stringify(options)}\n${messageText(message)}`);
    },
    score({ items, areSteps = false }: KeyedScore) {
      return keyOf(
        `${prefix}${areSteps ? 'steps' : 'score'}\n${JSON.stringify(items.map(({ user, assistant }) => [user, assistant]))}`,
      );
    },
    embed({ texts }: KeyedEmbed) {
      return keyOf(`${prefix}embed\n${JSON.stringify(texts)}`);
    },
    execute({ language, program, tests, cpuSeconds, memoryMiB }: KeyedExecute) {
      return keyOf(
        `${prefix}execute\n${JSON.stringify([language, cpuSeconds, memoryMiB, tests.kind, testsOf(tests), program])}`,
      );
    },
  };
}

function messageText(message: Message): string {
  if (message.kind === 'preQuery') return 'preQuery';
  if (message.kind === 'chat') {
    const turns = message.turns.map(({ role, content }) => [role, content]);
    return `chat ${message.next}\n${JSON.stringify(turns)}`;
  }
  // UTF-8 has no halves of surrogate pairs: the hash would take all of them for one character.
  return isWellFormed(message.text) ? `user\n${message.text}` : `escaped\n${JSON.stringify(message.text)}`;
}

function testsOf(tests: ExecuteRequest['tests']): readonly string[] {
  return tests.kind === 'asserts' ? tests.asserts : tests.inputs;
}

/** A step asks with one schema all the time. */
const schemaTexts = new WeakMap<object, string>();

function schemaText(schema: object): string {
  const known = schemaTexts.get(schema) ?? createHash('sha256').update(JSON.stringify(schema)).digest('hex');
  schemaTexts.set(schema, known);
  return known;
}

/** Node 20.12 and later hash a text in one call, at two thirds of the cost. */
const sha256: (text: string) => string =
  typeof hash === 'function'
    ? (text) => hash('sha256', text, 'binary')
    : (text) => createHash('sha256').update(text).digest('binary');

function keyOf(text: string): string {
  return sha256(text).slice(0, KEY_CHARS);
}
