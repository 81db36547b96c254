import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SourceFile, codeOf, entryPaths, layerOf, sourceFiles } from '../helpers/files/sourceFiles.js';

/** Calls that have one home; elsewhere what they give is handed in, so that runs repeat and tests need no waiting. */

const FILES = sourceFiles('src');

interface Ban {
  call: RegExp;
  home: (file: SourceFile) => boolean;
  instead: string;
}

/** Entries of threads and processes of their own: no command line stands above them. */
const ENTRIES = entryPaths(FILES);

function isCli({ path }: SourceFile): boolean {
  return layerOf(path) === 'cli';
}

/** Where the application takes the machine that nobody handed to it. */
function isSystemWorld({ path }: SourceFile): boolean {
  return path === 'src/run/systemWorld.ts';
}

function isEntry({ path }: SourceFile): boolean {
  return ENTRIES.includes(path);
}

const BANS: Record<string, Ban> = {
  'Date.now, new Date, performance.now': {
    call: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/,
    home: (file) => isCli(file) || isSystemWorld(file) || file.path === 'src/clock.ts',
    instead: 'a Clock that is handed in; operators need no time',
  },
  'setTimeout, setInterval': {
    call: /\bset(Timeout|Interval)\b/,
    home: (file) => isCli(file) || isEntry(file) || file.path === 'src/clock.ts',
    instead: 'Clock.sleep',
  },
  'Math.random, randomUUID, randomBytes': {
    call: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/,
    home: ({ path }) => path === 'src/backends/openModel.ts' || path === 'src/workers/token.ts',
    instead: 'deriveSeed and deriveUniform (src/random.ts)',
  },
  'process.env': {
    call: /\bprocess\.env\b/,
    home: (file) => isCli(file) || isSystemWorld(file),
    instead: 'an `env` that is handed in',
  },
  'process.exit': {
    call: /\bprocess\.exit\b/,
    home: (file) => isCli(file) || isEntry(file),
    instead: 'an error with a code; the command line turns it into an exit status',
  },
  'process.stdout, process.stderr, console': {
    call: /\bprocess\.std(out|err)\b|\bconsole\./,
    home: (file) => isCli(file) || isEntry(file),
    instead: 'a value that is returned; the command line prints',
  },
  'eval, new Function': {
    call: /\beval\(|\bnew Function\(/,
    home: () => false,
    instead: 'nothing',
  },
};

for (const [name, { call, home, instead }] of Object.entries(BANS)) {
  test(`${name}: only at home; elsewhere ${instead}`, () => {
    const wrong = FILES.filter((file) => !home(file) && call.test(codeOf(file))).map(({ path }) => path);
    assert.deepEqual(wrong, []);
  });
}

test('comments are not code, strings are', () => {
  const text = '/** Date.now */\n// eval(\nconst a = 1; // process.env\nconst url = "http://x";\n';
  assert.equal(
    codeOf({ path: '', text, lines: [], imports: [] }).trim(),
    'const a = 1;\nconst url = "http://x";',
  );
});
