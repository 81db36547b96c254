// The part of `npm run build` that makes dist/bundle/page: what pages load, and the charts as a module for Node. It is made again only
// when its inputs have changed. ECharts and KaTeX are joined here, so that the package does not depend on their 73 MB.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src', 'page');
const target = join(root, 'dist', 'bundle', 'page');
const stampFile = join(root, 'dist', 'page.stamp');

/** Entries that a page holds in itself, as a classic script: a file that is opened from the disk cannot load modules. */
const IN_ONE_FILE = ['report'];

/** What the bundles hold of others, with their licences beside them. */
const JOINED = ['echarts', 'zrender', 'tslib', 'katex', 'hyparquet', 'fzstd'];

/** Fonts of KaTeX that school and contest mathematics needs; for the others the system's are taken. */
const FONTS =
  /KaTeX_(Main-(Regular|Bold|Italic)|Math-Italic|AMS-Regular|Caligraphic-Regular|Size[1-4]-Regular)\.woff2/;

const entries = readdirSync(join(source, 'entries')).map((name) => basename(name, '.ts'));

function folderOf(name) {
  const own = createRequire(join(root, 'package.json'));
  const [first] = [
    join(root, 'node_modules', name),
    join(root, 'node_modules', 'echarts', 'node_modules', name),
  ].filter(existsSync);
  return first ?? dirname(own.resolve(`${name}/package.json`));
}

function stampOf() {
  const hash = createHash('sha256');
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  for (const path of [...paths, fileURLToPath(import.meta.url)])
    hash.update(`${path}\0`).update(readFileSync(path));
  for (const name of [...JOINED, 'rolldown']) hash.update(readFileSync(join(folderOf(name), 'package.json')));
  return hash.digest('hex');
}

function options(names) {
  return {
    input: Object.fromEntries(names.map((name) => [name, join(source, 'entries', `${name}.ts`)])),
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  };
}

async function writeModules(names) {
  const bundle = await rolldown(options(names));
  await bundle.write({
    dir: target,
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared-[name].js',
    // What more than one page has lies in files of its own.
    codeSplitting: {
      groups: [
        { name: 'echarts', test: /node_modules[\\/](echarts|zrender|tslib)[\\/]|charts[\\/]echarts/ },
        { name: 'katex', test: /node_modules[\\/]katex[\\/]/ },
      ],
    },
  });
}

async function writeScript(name) {
  const bundle = await rolldown(options([name]));
  await bundle.write({ file: join(target, `${name}.js`), format: 'iife', name: 'page', minify: true });
}

/** The style of KaTeX with the needed fonts in it: pages load nothing. */
function mathStyle() {
  const folder = join(folderOf('katex'), 'dist');
  const css = readFileSync(join(folder, 'katex.min.css'), 'utf8');
  return css.replaceAll(/@font-face\{[^}]*\}/g, (face) => {
    const file = FONTS.exec(face)?.[0];
    if (!file) return '';
    const bytes = readFileSync(join(folder, 'fonts', file)).toString('base64');
    return face.replace(/src:[^;}]*/, `src:url(data:font/woff2;base64,${bytes}) format("woff2")`);
  });
}

function licences() {
  const texts = JOINED.map((name) => {
    const folder = folderOf(name);
    const files = readdirSync(folder).filter((each) => /^(licen[cs]e|notice)(\.\w+)?$/i.test(each));
    return `${name}\n\n${files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n')}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** Makes the folder, where what it is made of has changed. */
export async function bundlePage() {
  const stamp = stampOf();
  const isFresh = existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isFresh) return;
  rmSync(stampFile, { force: true });
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await writeModules(entries.filter((name) => !IN_ONE_FILE.includes(name)));
  for (const name of IN_ONE_FILE.filter((each) => entries.includes(each))) await writeScript(name);
  for (const name of ['style.css', 'view.css', 'view.html'])
    writeFileSync(join(target, name), readFileSync(join(source, name), 'utf8'));
  writeFileSync(join(target, 'math.css'), mathStyle());
  writeFileSync(join(target, 'LICENSES.txt'), licences());
  writeFileSync(stampFile, stamp);
}
