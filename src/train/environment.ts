import { isSecretName } from '../process/childEnvironment.js';
import { keyRedactor, redactError, withRedactedErrors } from '../text/redactKey.js';

export { redactError };

type Environment = Readonly<Record<string, string | undefined>>;

/** Takes the values of the named variables out of what a program prints. */
export function secretRemover(all: Environment, names: readonly string[]): (line: string) => string {
  return inTurn(names.map((name) => keyRedactor(all[name])));
}

/** Shorter ones are found in too many words that are no secret. */
const FILLED_CHARS_MIN = 4;
/** A word of a language, which stands inside of other words too. */
const WORD = /^([a-z]{1,7}|\d{1,7})$/;

/**
 * Writes `${NAME}` again for what the environment has filled in. A file says that a value may be written by naming its variable in
 * `publicEnv`; such a value is not in `filled`.
 */
export function filledRemover(filled: ReadonlyMap<string, string>): (text: string) => string {
  const parts = [...filled].flatMap(([name, value]) => partsOf(value).map((part) => ({ name, part })));
  // One may hold another.
  parts.sort((a, b) => b.part.length - a.part.length);
  return inTurn(parts.map(({ name, part }) => partRemover(name, part)));
}

function partRemover(name: string, part: string): (text: string) => string {
  const instead = `\${${name}}`;
  if (!WORD.test(part) || isSecretName(name)) return keyRedactor(part, instead, FILLED_CHARS_MIN);
  if (part.length < FILLED_CHARS_MIN) return (text) => text;
  // The part is of letters or of digits alone.
  const whole = new RegExp(`(?<![A-Za-z0-9])${part}(?![A-Za-z0-9])`, 'g');
  return (text) => text.replaceAll(whole, () => instead);
}

const LINE_CHARS_MIN = 8;

/** The value, and what an error may show of it alone: the lines of a long key, the password of a url and the values behind its `?`. */
function partsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.length >= LINE_CHARS_MIN);
  const parts = [value, value.trim(), ...lines];
  if (URL.canParse(value)) {
    const { username, password, searchParams } = new URL(value);
    const user = username.length >= LINE_CHARS_MIN ? [username] : [];
    parts.push(
      ...user,
      password,
      decoded(password),
      ...[...searchParams.values()].filter((each) => each.length >= LINE_CHARS_MIN),
    );
  }
  return [...new Set(parts)].filter((part) => part !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The same for every text in a plain value. */
export function filledRemoved<Value>(value: Value, remove: (text: string) => string): Value {
  if (typeof value === 'string') return remove(value) as Value;
  if (Array.isArray(value)) return value.map((item: unknown) => filledRemoved(item, remove)) as Value;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filledRemoved(item as unknown, remove)]),
  ) as Value;
}

/** Settles as `work` does; an error comes without what the environment filled in. */
export function withoutFilled<Value>(
  work: Promise<Value>,
  filled: ReadonlyMap<string, string> | undefined,
): Promise<Value> {
  return filled && filled.size > 0 ? withRedactedErrors(work, filledRemover(filled)) : work;
}

/** The same for work that is done at once. */
export function filledCleanly<Value>(filled: ReadonlyMap<string, string>, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw filled.size > 0 ? redactError(error, filledRemover(filled)) : error;
  }
}

function inTurn(removers: readonly ((text: string) => string)[]): (text: string) => string {
  return (text) => removers.reduce((clean, remove) => remove(clean), text);
}
