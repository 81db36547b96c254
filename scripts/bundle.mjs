// The second half of `npm run build`: joins the compiled modules of dist/src into dist/bundle, which the command line and users of
// the package load. Node takes about a millisecond of CPU to find, read and compile a module, and zod alone has ninety.
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { bundlePage } from './bundlePage.mjs';
import { writeLanguageTable } from './languageTable.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'dist', 'src');
const target = join(root, 'dist', 'bundle');

/**
 * Packages that are joined too. Of the others users may hold objects, as of apache-arrow and rxjs, or they are loaded only where
 * they are needed.
 */
const JOINED = ['commander', 'yaml', 'zod'];

/** Threads and processes begin with these modules. They lie in one folder, so that the same relative address finds them there. */
const STARTED = /new URL\('(\.[^']+\.js)', import\.meta\.url\)/g;

function startedModules() {
  const modules = readdirSync(source, { recursive: true }).filter(
    (name) => name.endsWith('.js') && !name.endsWith(THREAD),
  );
  return modules.flatMap((name) => {
    const path = join(source, name);
    return [...readFileSync(path, 'utf8').matchAll(STARTED)].map(([, from]) => join(dirname(path), from));
  });
}

/**
 * Threads that exchange nothing but bytes and plain values. Each is one file with its packages, for no object of theirs leaves it; a run
 * starts them, and to find, read and compile their modules one by one would take most of what they cost in a short run. Who starts one
 * names `x.thread.js`, which is made of `x.js`, in the bundle and in dist/src: tests start many.
 */
const THREAD = '.thread.js';

/** What the threads use of other packages. */
const JOINED_IN_THREADS = [
  ...['apache-arrow', 'flatbuffers', 'tslib', 'decimal.js', 'fraction.js'],
  ...['hyparquet', 'hyparquet-writer', 'hyparquet-compressors', 'fzstd', 'hysnappy'],
];

/** The licences of what is joined, and of the table of languages, ask for their text beside it. */
function writeLicences() {
  const texts = [...JOINED, ...JOINED_IN_THREADS, 'eld'].map((name) => {
    const folder = join(root, 'node_modules', name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  texts.push(`zstd.wasm\n\n${readFileSync(join(root, 'scripts', 'zstd', 'LICENSE'), 'utf8').trim()}\n`);
  writeFileSync(join(target, 'LICENSES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** The modules that are loaded with a module: its imports, and theirs, but for late ones. */
function loadedWith(path, infoOf, loaded = new Set()) {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  for (const imported of infoOf(path)?.importedIds ?? []) loadedWith(imported, infoOf, loaded);
  return loaded;
}

const START = join(source, 'cli', 'startProgram.js');
/** What each command that reads a pipeline file loads: joined into one file, whoever else imports parts of it. */
const PLAN = [join(source, 'cli', 'program.js'), join(source, 'run', 'plan', 'planPipeline.js')];
for (const path of [START, ...PLAN])
  if (!existsSync(path)) throw new Error(`${path} is not there: correct scripts/bundle.mjs`);

/** All modules that are loaded with any of these. */
function loadedWithAny(paths, context) {
  return new Set(paths.flatMap((path) => [...loadedWith(path, (each) => context.getModuleInfo(each))]));
}

function loadsAny(path, wanted, context) {
  const loaded = loadedWithAny([path], context);
  return wanted.some((each) => loaded.has(each));
}

/**
 * A group of modules that become one file; but for those that are loaded with one of `others`, which needs no more of it. Of the others,
 * one that loads a path of the group needs it whole.
 */
function joined(name, paths, priority, others = []) {
  let loaded;
  let apart;
  const nameOf = (id, context) => {
    loaded ??= loadedWithAny(paths, context);
    apart ??= loadedWithAny(
      others.filter((other) => !loadsAny(other, paths, context)),
      context,
    );
    return loaded.has(id) && !apart.has(id) ? name : null;
  };
  return { name: nameOf, debugName: name, priority, includeDependenciesRecursively: false };
}

async function bundleThread(path) {
  const thread = await rolldown({
    input: path.replace(THREAD, '.js'),
    external: (id) =>
      isPackage(id) && !JOINED_IN_THREADS.some((name) => id === name || id.startsWith(`${name}/`)),
    platform: 'node',
  });
  for (const file of [path, join(target, basename(path))])
    await thread.write({ file, format: 'esm', codeSplitting: false });
}

/** Whether an import names a package, and not a file. */
function isPackage(id) {
  return !id.startsWith('.') && !id.startsWith(root);
}

const isThread = (path) => path.endsWith(THREAD);
const started = startedModules().filter((path) => !isThread(path));
const threads = startedModules().filter(isThread);
const entries = [START, join(source, 'index.js'), ...started];
const bundle = await rolldown({
  // Asked for by groups that take no module of `others`; the tests of the package see each name that an entry exports.
  preserveEntrySignatures: 'allow-extension',
  input: Object.fromEntries(entries.map((path) => [basename(path, '.js'), path])),
  external: (id) => isPackage(id) && !JOINED.includes(id),
  platform: 'node',
  // Modules that are imported late by one and at once by another are meant so.
  checks: { ineffectiveDynamicImport: false },
});
// The part for pages is made again only where it has changed.
for (const name of existsSync(target) ? readdirSync(target) : [])
  if (name !== 'page') rmSync(join(target, name), { recursive: true });
await bundle.write({
  dir: target,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  codeSplitting: { groups: [joined('start', [START], 2), joined('plan', PLAN, 1, started)] },
});
for (const path of threads) await bundleThread(path);
// Whatever module compresses finds it beside itself.
for (const folder of [target, join(source, 'io', 'parquet')])
  copyFileSync(join(root, 'src', 'io', 'parquet', 'zstd.wasm'), join(folder, 'zstd.wasm'));
await writeLanguageTable(join(target, 'languages.js'));
writeLicences();
await bundlePage();
