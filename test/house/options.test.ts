import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { OPERATORS } from '../helpers/operators.js';
import { sourceFiles } from '../helpers/files/sourceFiles.js';

/**
 * Options stand twice in an operator's file: as an interface, which editors show, and as a schema, which checks them. That both
 * allow the same values is checked by the compiler (`defineSpec`); that they have the same names, help and defaults, here.
 */

interface JsonSchema {
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
}

/** An option as a line of text: `n?: Responses a question. @default 5`. */
function printed(name: string, isOptional: boolean, help: string, fallback: string | undefined): string {
  return `${name}${isOptional ? '?' : ''}: ${help}${fallback === undefined ? '' : ` @default ${fallback}`}`;
}

/** The schema of the values of a map. */
function valuesOf({ additionalProperties: values }: JsonSchema): JsonSchema | undefined {
  return typeof values === 'object' ? values : undefined;
}

/** Every option of a schema; those of nested objects too. */
function ofSchema({ properties = {}, required = [] }: JsonSchema): string[] {
  return Object.entries(properties).flatMap(([name, option]) => {
    const fallback = option.default === undefined ? undefined : JSON.stringify(option.default);
    const own = printed(name, !required.includes(name), option.description ?? '', fallback);
    return [own, ...ofSchema(valuesOf(option) ?? option.items ?? option)];
  });
}

const INTERFACE = /^export interface (\w+)[^{]*?\{\n([^]*?)^\}/gm;
const PROPERTY = /^ {2}\/\*\*([^]*?)\*\/\n {2}(\w+)(\??):/gm;

/** Every documented property of the interfaces whose names end in these words, as `ofSchema` prints options. */
export function ofInterfaces(text: string, names: RegExp): string[] {
  const bodies = [...text.matchAll(INTERFACE)].filter(([, name]) => names.test(name!));
  return bodies.flatMap(([, , body]) =>
    [...body!.matchAll(PROPERTY)].map(([, comment, name, optional]) => {
      const words = comment!
        .replace(/^\s*\*/gm, ' ')
        .replace(/\s+/g, ' ')
        .trim();
      const [help, fallback] = words.split(/ ?@default /);
      return printed(name!, optional === '?', help!, fallback);
    }),
  );
}

const OPTIONS = /Options$|^GeneratorShare$|^RewriteDirections$|^RewritePrompts$/;
const FILES = new Map(sourceFiles('src/operators').map((file) => [file.path, file.text]));

for (const { name, options } of OPERATORS) {
  test(`${name}: its interface has the options, help texts and defaults of its schema`, () => {
    const json = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    const found = ofInterfaces(FILES.get(`src/operators/${name}.ts`)!, OPTIONS);
    assert.deepEqual(found.sort(), ofSchema(json).sort(), `src/operators/${name}.ts`);
  });
}

test('the reader of interfaces sees names, help over several lines, and defaults', () => {
  const text = [
    'export interface AOptions<T> {',
    '  /** One. */',
    '  a: number;',
    '  /**',
    '   * Two',
    '   * lines.',
    '   *',
    '   * @default {"x":1}',
    '   */',
    '  b?: T;',
    '}',
  ].join('\n');
  assert.deepEqual(ofInterfaces(text, /^AOptions$/), ['a: One.', 'b?: Two lines. @default {"x":1}']);
});
