import type { Copied } from '../../run/plan/copyPipeline.js';
import type { CommandSpec } from '../command.js';

/** What a user changes first, where the file has it. */
const TO_EDIT: readonly [key: string, hint: string][] = [
  ['target', 'how many rows to keep'],
  ['models', 'your models and their servers: docs/models.md'],
  ['source', 'where rows come from'],
  ['steps', 'their options: scalequest steps <name>; a prompt of your own: `prompt: prompts/mine.txt`'],
  ['links', 'what is done, one after the other'],
  ['train', 'what is trained on the set: docs/train.md'],
];

export const initCommand: CommandSpec = {
  name: 'init',
  summary: 'Copy a pipeline that comes with scalequest, and the files that it names, into this folder.',
  declare: (command) =>
    command.argument('[name]', 'quickstart, scalequest-math, …: docs/cli.md lists them', 'quickstart'),
  async action(name: string) {
    const { copyPipeline } = await import('../../run/plan/copyPipeline.js');
    process.stdout.write(`${printCopied(copyPipeline(name, process.cwd()))}\n`);
  },
};

export function printCopied({ file, written, kept, lines, variables, missing }: Copied): string {
  const edits = TO_EDIT.filter(([key]) => lines.has(key));
  return [
    ...section('Copied into this folder:', written),
    ...section('Here already:', kept),
    ...section(
      `What to edit in ${file}:`,
      edits.map(([key, hint]) => `line ${String(lines.get(key)).padStart(3)}  ${key.padEnd(6)}  ${hint}`),
    ),
    ...section('What to set in the environment:', variables),
    ...section('What to install:', missing === null ? [] : [missing]),
    ...section('Then:', [
      `npx scalequest check ${file}`,
      lines.has('links') ? `npx scalequest chain ${file}` : `npx scalequest run ${file}`,
    ]),
  ]
    .join('\n')
    .trimEnd();
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, ...items.map((item) => `  ${item}`), ''];
}
