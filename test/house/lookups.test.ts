import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, sourceFiles } from '../helpers/files/sourceFiles.js';

/**
 * Names come from outside: users call models, columns and reasons `constructor` or `toString`, which every object has. So a table
 * that any text can be looked up in is a Map, has no prototype, or is asked with `Object.hasOwn` first. A table whose keys are a
 * closed set of types needs none of this, as long as no cast lets another text in.
 */

/** The code with the insides of its texts taken out. */
function bareCode(text: string): string {
  return text
    .replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''")
    .replace(/`(?:\\.|\$\{[^{}]*\}|[^`\\$]|\$(?!\{))*`/g, (whole) =>
      [...whole.matchAll(/\$\{([^{}]*)\}/g)].map(([, code]) => code).join(' '),
    );
}

const OPEN_TABLE = /\b(?:const|let) (\w+)\s*:[^=;]*?\bRecord<\s*string\b[^=;]*?=\s*\{/g;

/** Reads of `name[…]` by anything but a literal. */
function readsOf(name: string, code: string): string[] {
  const lookup = new RegExp(String.raw`\b${name}\[(?!''|\d+\])([^\[\]]|\[[^\]]*\])+\](?!\s*=[^=])`, 'g');
  return [...code.matchAll(lookup)].map(([found]) => found);
}

function isGuarded(name: string, code: string): boolean {
  return code.includes(`Object.hasOwn(${name}, `);
}

function faultsOf(text: string): string[] {
  const code = bareCode(text);
  const open = [...code.matchAll(OPEN_TABLE)].map(([, name]) => name!);
  const lookups = open.filter((name) => !isGuarded(name, code)).flatMap((name) => readsOf(name, code));
  const casts = [...code.matchAll(/\b([A-Z][A-Z\d_]+)\[[^[\]]*\bas (?:keyof|[A-Z])[^[\]]*\]/g)]
    .filter(([, name]) => !isGuarded(name!, code))
    .map(([found]) => found);
  const asked = [...code.matchAll(/(?<!const |let |\[)\b[\w$][\w$.]* in (?!keyof\b)[\w$][\w$.]*/g)].map(
    ([found]) => found,
  );
  return [...lookups, ...casts, ...asked];
}

test('no name from outside is looked up in what every object inherits', () => {
  const faults = sourceFiles('src').flatMap((file) =>
    faultsOf(codeOf(file)).map((found) => `${file.path}: ${found}`),
  );
  assert.deepEqual(faults, []);
});

test('such lookups are found, and safe ones are not', () => {
  const open = 'const WORDS: Readonly<Record<string, string>> = { a: "b" };\n';
  const found: [string, string[]][] = [
    [`${open}say(WORDS[word] ?? '');`, ['WORDS[word]']],
    [`${open}say(\`\${WORDS[word]}\`);`, ['WORDS[word]']],
    [`${open}WORDS[list[0]]!;`, ['WORDS[list[0]]']],
    ['const COUNTS: Record<string, number> = {};\nCOUNTS[key] = (COUNTS[key] ?? 0) + 1;', ['COUNTS[key]']],
    ['const HELP = { a: 1 };\nHELP[name as keyof typeof HELP]', ['HELP[name as keyof typeof HELP]']],
    ['if (reason in drops) return;', ['reason in drops']],
  ];
  for (const [text, faults] of found) assert.deepEqual(faultsOf(text), faults, text);
  const safe = [
    `${open}if (Object.hasOwn(WORDS, word)) say(WORDS[word]);`,
    `${open}say(WORDS['a']);`,
    'const made: Record<string, string> = {};\nmade[key] = value;',
    'const NONE: Record<string, string> = Object.assign(Object.create(null), {});\nNONE[word]',
    "for (const key in row) say('one in many', key);",
    'type Flat<T> = { [Key in keyof T]: T[Key] };',
    'const OF_KIND: Record<Kind, string> = { a: "b" };\nOF_KIND[kind]',
  ];
  for (const text of safe) assert.deepEqual(faultsOf(text), [], text);
});
