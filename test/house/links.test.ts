import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

/** What the pages and the comments of pipeline files name exists: files, headings, folders, npm scripts. */

/** A path in a text is looked up where it begins with one of these folders. */
const FOLDERS = ['src', 'test', 'bench', 'docs', 'models', 'pipelines', 'scripts', 'dist'];

const SCRIPTS = Object.keys(
  (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts,
);

function textOf(path: string): string {
  return readFileSync(join(PACKAGE_FOLDER, path), 'utf8');
}

function filesIn(folder: string, ending: string): string[] {
  const names = readdirSync(join(PACKAGE_FOLDER, folder), { recursive: true }) as string[];
  return names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`);
}

function pages(): string[] {
  const beside = readdirSync(PACKAGE_FOLDER).filter((name) => name.endsWith('.md'));
  return [...beside, ...['docs', 'models', 'bench'].flatMap((folder) => filesIn(folder, '.md'))].sort();
}

/** `one-process-a-folder` for `## One process a folder`, as GitHub makes it. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isLink(page: string, text: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(PACKAGE_FOLDER, target))) return false;
  return anchor === undefined || anchorsOf(path === '' ? text : textOf(target)).includes(anchor);
}

/** What is built stands for its source. */
function isPath(path: string): boolean {
  const source = path.replace(/^dist\/(.*)\.js$/, '$1.ts');
  return existsSync(join(PACKAGE_FOLDER, source));
}

function faultsOf(page: string, text: string): string[] {
  return text.split('\n').flatMap((line, at) => {
    const links = [...line.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^\w+:/.test(link));
    const paths = [...line.replace(/\]\([^)\s]+\)/g, ']').matchAll(/(?<![\w./:#-])(\w+)\/[\w./-]*\w/g)]
      .filter(([, folder]) => FOLDERS.includes(folder!))
      .map(([path]) => path);
    const scripts = [...line.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, script]) => script!);
    return [
      ...links.filter((link) => !isLink(page, text, link)).map((link) => `links to ${link}`),
      ...paths.filter((path) => !isPath(path)).map((path) => `names ${path}`),
      ...scripts.filter((script) => !SCRIPTS.includes(script)).map((script) => `calls npm run ${script}`),
    ].map((fault) => `${page}:${at + 1} ${fault}`);
  });
}

for (const page of pages()) {
  test(`${page}: what it links to, names and calls exists`, () => {
    assert.deepEqual(faultsOf(page, textOf(page)), []);
  });
}

test('files that comments of pipelines name exist, from there or from the root', () => {
  const faults = filesIn('pipelines', '.yaml').flatMap((file) =>
    [...textOf(file).matchAll(/# .*$/gm)].flatMap(([comment]) =>
      [...comment.matchAll(/(?<![\w{$}./-])([\w./-]+\.(?:yaml|py|mjs|md|txt))(?!\w)/g)]
        .map(([, named]) => named!)
        // Configurations of trainers that the reader brings.
        .filter((named) => !/^(zero3|axolotl|llama)\.yaml$/.test(named))
        .filter((named) => !existsSync(join(PACKAGE_FOLDER, dirname(file), named)))
        .filter((named) => !existsSync(join(PACKAGE_FOLDER, named)))
        .map((named) => `${file} names ${named}`),
    ),
  );
  assert.deepEqual(faults, []);
});

test('every `scalequest …` in a page is a command, and docs/cli.md lists each command', () => {
  const help = execFileSync(
    process.execPath,
    [join(PACKAGE_FOLDER, 'dist', 'src', 'cli', 'main.js'), '--help'],
    {
      encoding: 'utf8',
    },
  );
  const commands = [...help.matchAll(/^  (\w+) (?:\[|<)/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'help');
  assert.ok(commands.includes('run') && commands.includes('store'), help);
  const named = (text: string): string[] =>
    [...text.matchAll(/`(?:npx )?scalequest (\w+)/g)].map(([, name]) => name!);
  const unknown = pages().flatMap((page) =>
    named(textOf(page))
      .filter((name) => !commands.includes(name))
      .map((name) => `${page}: scalequest ${name}`),
  );
  assert.deepEqual(unknown, []);
  assert.deepEqual([...new Set(named(textOf('docs/cli.md')))].sort(), commands.sort());
});

test('no page holds the marks of an unfinished merge', () => {
  const marked = pages().filter((page) => /^(<{7}|>{7}|={7})( |$)/m.test(textOf(page)));
  assert.deepEqual(marked, []);
});

test('every page in docs is linked from the README or from a page that is', () => {
  const linked = pages().flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s#]+\.md)/g)].map(([, link]) => join(dirname(page), link!)),
  );
  assert.deepEqual(
    filesIn('docs', '.md').filter((page) => !linked.includes(page)),
    [],
  );
});

test('planted faults are found: a dead link, a dead heading, a path, a built file, a script', () => {
  const text = [
    '# Some words',
    '[good](docs/cli.md) [good](#some-words) [good](docs/resume.md#one-process-a-folder) [web](https://a.b/src/x)',
    'see `src/errors.ts`, `test/house`, `dist/bench/replay/runChild.js` and `npm run build`',
    '[bad](docs/nothing.md) [bad](#no-words) [bad](docs/cli.md#nothing)',
    'see `src/nothing.ts`, dist/bench/nothing.js and `npm run nothing:at-all`',
  ].join('\n');
  assert.deepEqual(faultsOf('README.md', text), [
    'README.md:4 links to docs/nothing.md',
    'README.md:4 links to #no-words',
    'README.md:4 links to docs/cli.md#nothing',
    'README.md:5 names src/nothing.ts',
    'README.md:5 names dist/bench/nothing.js',
    'README.md:5 calls npm run nothing:at-all',
  ]);
});

test('each decision has a number of its own', () => {
  const numbers = [...textOf('DECISIONS.md').matchAll(/^### (\d+)\./gm)].map(([, number]) => number!);
  assert.ok(numbers.length > 50);
  assert.deepEqual(
    numbers.filter((number, at) => numbers.indexOf(number) !== at),
    [],
  );
});
