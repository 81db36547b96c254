import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { PipelineProblems, ScaleQuestError } from '../errors.js';
import {
  type Override,
  type PipelineDocument,
  allProblems,
  parsePipelineDocument,
  problem,
} from './document.js';
import { filledCleanly as cleanly } from '../train/environment.js';
import { parseAt } from './check/explain.js';
import { suggestion } from './nearest.js';

const linkName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*$/, 'expected letters, digits and hyphens, starting with a letter');

const link = z
  .strictObject({
    name: linkName.describe('Names the link, its folder, and what later links take from it.'),
    pipeline: z
      .string()
      .optional()
      .describe('A pipeline file, relative to this one: run, and trained on if it has `train`.'),
    set: z
      .record(z.string(), z.unknown())
      .default({})
      .describe(
        'Values of the pipeline file to change for this link, as `--set` does. Filled in: `{{ name.run }}`, `{{ name.model }}` ' +
          'and `{{ name.output }}` of links before.',
      ),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Or a program with its arguments, without a shell, such as a conversion. `{{ output }}` must be in it: what it has to ' +
          'write; links before are filled in as in `set`.',
      ),
    output: z
      .string()
      .min(1)
      .default('output')
      .describe('With `command`: the file or folder that it writes, in the link’s own folder.'),
    inputs: z
      .array(z.string())
      .default([])
      .describe(
        'With `command`: files and folders that it reads, with their subfolders; changed contents run it again.',
      ),
    env: z
      .array(z.string())
      .default([])
      .describe('With `command`: names of environment variables that it is given.'),
    timeoutMs: z.int().min(1).optional().describe('With `command`: how long it may take, in milliseconds.'),
    silentMs: z
      .int()
      .min(1)
      .default(1_800_000)
      .describe('With `command`: printing nothing for so long counts as hung, in milliseconds.'),
  })
  .superRefine(({ pipeline, command, set }, context) => {
    const count = [pipeline, command].filter((way) => way !== undefined).length;
    if (count !== 1) {
      const message = `expected one of \`pipeline\` and \`command\`, found ${count === 0 ? 'neither' : 'both'}`;
      context.addIssue({ code: 'custom', message });
    }
    if (command && Object.keys(set).length > 0) {
      const message = 'expected no `set` with `command`: it changes a pipeline file';
      context.addIssue({ code: 'custom', message, path: ['set'] });
    }
  });

/** A chain file. Each of its links runs once for equal inputs. */
export const chainSchema = z.strictObject({
  name: linkName.describe('Names the folder of the chain.'),
  publicEnv: z
    .array(z.string())
    .default([])
    .describe('Names of environment variables whose values may be written and shown, as in a pipeline file.'),
  folder: z.string().optional().describe('Where its links keep their runs; `runs/<name>` if absent.'),
  links: z.array(link).min(1).describe('In their order.'),
});

/** The JSON Schema of chain files, for editors: `# yaml-language-server: $schema=chain.schema.json`. */
export function chainJsonSchema(): object {
  return { title: 'ScaleQuest chain', ...z.toJSONSchema(chainSchema, { io: 'input' }) };
}

export type Link = z.output<typeof link>;

export interface Chain {
  file: string;
  /** Folder that relative paths in the file start from. */
  folder: string;
  name: string;
  /** What the environment filled in, by the names of its variables; `set` keeps its `${NAME}`. */
  filled: ReadonlyMap<string, string>;
  /** The folder in which the links keep their runs. */
  runs: string;
  links: readonly Link[];
}

export interface ChainDeps {
  env: Readonly<Record<string, string | undefined>>;
  readText: (path: string) => string;
  exists: (path: string) => boolean;
}

/**
 * Reads and checks a chain file: names, files, and that every link takes only what an earlier link gives. The pipeline of a link
 * is checked by `checkLinks`. Throws PipelineProblems with every mistake found.
 */
export function checkChain(file: string, deps: ChainDeps): Chain {
  // `set` keeps its variables: the pipeline file that it changes fills them in.
  const isSet = ([first, second, ...more]: readonly string[]): boolean =>
    first === 'links' && second === 'set' && more.length > 0;
  const document = parsePipelineDocument(file, deps.readText(file), deps.env, [], isSet);
  return cleanly(document.filled, () => chainIn(document, deps));
}

function chainIn(document: PipelineDocument, deps: ChainDeps): Chain {
  const { file } = document;
  const problems: ScaleQuestError[] = [];
  const parsed = parseAt(document, [], chainSchema, document.value, problems);
  if (!parsed) throw new PipelineProblems(allProblems(document, problems));
  const folder = dirname(resolve(file));
  const given = new Set<string>();
  for (const [index, { name, pipeline, command, set, inputs }] of parsed.links.entries()) {
    const at = (...path: (string | number)[]) => document.at(['links', index, ...path]);
    if (pipeline !== undefined && !deps.exists(resolve(folder, pipeline))) {
      const message = `found no file ${resolve(folder, pipeline)}; expected a path relative to this file`;
      problems.push(problem('ERR_PIPELINE_INVALID', at('pipeline'), message));
    }
    const taken: [key: string, names: string[], known: string[]][] = [
      ['set', placeholdersIn(set), [...given]],
      ['command', namesIn(command ?? []), [...given, 'output']],
      ['inputs', namesIn(inputs), [...given]],
    ];
    for (const [key, names, known] of taken) {
      for (const unknown of names.filter((found) => !known.includes(found))) {
        const message = `no link before ${name} gives {{ ${unknown} }}; ${suggestion(unknown, known)}`;
        problems.push(problem('ERR_PIPELINE_INVALID', at(key), message));
      }
    }
    if (command && !namesIn(command).includes('output')) {
      const message =
        'found no {{ output }}, expected it among the arguments: where the program has to write';
      problems.push(problem('ERR_PIPELINE_INVALID', at('command'), message));
    }
    if ([...given].some((known) => known.startsWith(`${name}.`))) {
      problems.push(problem('ERR_PIPELINE_INVALID', at('name'), `a link before it is called "${name}" too`));
    }
    for (const what of command ? ['output'] : ['run', 'model']) given.add(`${name}.${what}`);
  }
  const all = allProblems(document, problems);
  if (all.length > 0) throw new PipelineProblems(all);
  const runs = parsed.folder ?? `runs/${parsed.name}`;
  return { file, folder, name: parsed.name, filled: document.filled, runs, links: parsed.links };
}

/** The names of what a link takes from earlier links, such as `qft.model`. */
export function takenBy({ set, command, inputs }: Link): string[] {
  const names = [...placeholdersIn(set), ...namesIn(command ?? []), ...namesIn(inputs)];
  return [...new Set(names)].filter((name) => name !== 'output');
}

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** The names in double braces: in a command, they are all ours. */
function namesIn(words: readonly string[]): string[] {
  return words.flatMap((word) => [...word.matchAll(PLACEHOLDER)].map(([, name]) => name!));
}

function placeholdersIn(value: unknown): string[] {
  if (typeof value === 'string') {
    // `{{ question }}` and its like belong to a prompt.
    return [...value.matchAll(PLACEHOLDER)]
      .map(([, name]) => name!)
      .filter((name) => name === 'output' || /^[\w-]+\.(run|model|output)$/.test(name));
  }
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(placeholdersIn);
  return [];
}

/** Fills in what links give, such as `qft.model` → a path. Throws ERR_CHAIN_LINK if a link did not give what was named. */
export function fillLinks<Value>(value: Value, given: ReadonlyMap<string, string>): Value {
  if (typeof value === 'string') {
    return value.replace(PLACEHOLDER, (whole, name: string) => {
      if (given.has(name)) return given.get(name)!;
      if (placeholdersIn(whole).length === 0) return whole;
      throw new ScaleQuestError(
        'ERR_CHAIN_LINK',
        `found nothing for {{ ${name} }}: the earlier link trained no model. Give it a \`train\` section, ` +
          'or see why its training was not due',
      );
    }) as Value;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => fillLinks(item, given)) as Value;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]) => [key, fillLinks(item, given)]);
    return Object.fromEntries(entries) as Value;
  }
  return value;
}

/** `set` of a link as overrides of its pipeline file. */
export function overridesOf({ set }: Pick<Link, 'set'>, given: ReadonlyMap<string, string>): Override[] {
  return Object.entries(fillLinks(set, given)).map(([key, value]) => ({
    path: key.split('.'),
    // JSON is YAML.
    value: JSON.stringify(value),
  }));
}
