// `npm run docs:picture`: draws the funnel of a finished run and the first row of its set as an SVG for the README.
//   node scripts/picture.mjs RUN OUT.svg
// The picture is a function of the run's report and rows: the same rows give the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const WIDTH = 900;
const MARGIN = 28;
const BAR_X = 190;
const BAR_WIDTH = 360;
const BAR_HEIGHT = 18;
const STEP_HEIGHT = 27;
const LINE_HEIGHT = 20;
/** Characters of 14 px sans-serif text that fit between the margins, with some to spare. */
const LINE_CHARS_MAX = 112;
/** A loss of one row in thousands must still be seen. */
const PART_WIDTH_MIN = 2;

const STYLE = `
  .page { fill: #ffffff; stroke: #d0d7de }
  .kept { fill: #2f6fbe }
  .lost { fill: #d9772b }
  text { fill: #1f2328; font: 14px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif }
  .title { font-size: 17px; font-weight: 600 }
  .step { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace }
  .number { text-anchor: end; font-variant-numeric: tabular-nums }
  .why { fill: #a04a05 }
  .quiet { fill: #59636e }
  .answer { font-weight: 600 }
  line { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d }
    .kept { fill: #4a8fe0 }
    .lost { fill: #e08a3c }
    text { fill: #e6edf3 }
    .why { fill: #f0a860 }
    .quiet { fill: #9198a1 }
    line { stroke: #30363d }
  }
`;

/** The picture of one run: what `report.json` says, and one row of `sample.jsonl` (or none). */
export function drawRun(report, row) {
  const rowsMax = Math.max(1, ...report.funnel.map(({ rowsIn, made }) => rowsIn + made));
  const stepsY = MARGIN + 62;
  const rowY = stepsY + report.funnel.length * STEP_HEIGHT + 22;
  const lines = row ? linesOfRow(row) : [];
  const height = row ? rowY + 42 + lines.length * LINE_HEIGHT + MARGIN - 14 : rowY - 8;
  const title = `${report.name}, seed ${report.seed}: ${report.rowsIn} rows in, ${report.rowsKept} kept`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    text(MARGIN, MARGIN + 14, title, 'title'),
    ...legend(MARGIN + 42),
    ...report.funnel.flatMap((step, at) => drawStep(step, stepsY + at * STEP_HEIGHT, rowsMax)),
    ...(row
      ? [
          `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${rowY}" y2="${rowY}"/>`,
          text(MARGIN, rowY + 30, 'The first row of the set', 'quiet'),
          ...lines.map(({ words, style }, at) => text(MARGIN, rowY + 58 + at * LINE_HEIGHT, words, style)),
        ]
      : []),
    '</svg>',
    '',
  ].join('\n');
}

function legend(y) {
  return [
    text(BAR_X, y, 'rows that come to each step:', 'quiet'),
    bar('kept', BAR_X + 186, y - 11, 12, 12),
    text(BAR_X + 204, y, 'kept', 'quiet'),
    bar('lost', BAR_X + 250, y - 11, 12, 12),
    text(BAR_X + 268, y, 'lost', 'quiet'),
  ];
}

function drawStep({ step, rowsIn, made, kept, dropped, rejected }, y, rowsMax) {
  const widthOf = (rows) => (rows === 0 ? 0 : Math.max(PART_WIDTH_MIN, (BAR_WIDTH * rows) / rowsMax));
  const keptWidth = widthOf(kept);
  const lostWidth = widthOf(rowsIn + made - kept);
  const lost = [...Object.entries(dropped), ...Object.entries(rejected)];
  const why = [
    ...(made > 0 ? [`${made} made`] : []),
    ...lost.map(([reason, rows]) => `${rows} ${reason}`),
  ].join(', ');
  return [
    text(MARGIN, y + 14, step, 'step'),
    bar('kept', BAR_X, y, keptWidth, BAR_HEIGHT),
    bar('lost', BAR_X + keptWidth, y, lostWidth, BAR_HEIGHT),
    text(BAR_X + BAR_WIDTH + 62, y + 14, String(kept), 'number'),
    text(BAR_X + BAR_WIDTH + 84, y + 14, why, 'why'),
  ];
}

/** Question and response in full, then the numbers that steps have given the row. */
function linesOfRow({ question, response, difficulty, reward }) {
  const numbers = Object.entries({ difficulty, reward })
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `${name} ${value.toFixed(2)}`);
  const responseLines = String(response ?? '')
    .split('\n')
    .flatMap(wrapped);
  return [
    ...wrapped(String(question ?? '')).map((words) => ({ words, style: 'answer' })),
    ...responseLines.map((words) => ({ words, style: '' })),
    ...(numbers.length > 0 ? [{ words: numbers.join(' · '), style: 'quiet' }] : []),
  ];
}

function wrapped(paragraph) {
  const lines = [''];
  for (const word of paragraph.split(' ')) {
    const last = lines.at(-1);
    if (last !== '' && last.length + 1 + word.length > LINE_CHARS_MAX) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function bar(kind, x, y, width, height) {
  return width > 0
    ? `<rect class="${kind}" x="${rounded(x)}" y="${rounded(y)}" width="${rounded(width)}" height="${height}"/>`
    : '';
}

function text(x, y, words, style) {
  if (words === '') return '';
  return `<text${style ? ` class="${style}"` : ''} x="${rounded(x)}" y="${rounded(y)}">${escaped(words)}</text>`;
}

function rounded(value) {
  return Math.round(value * 10) / 10;
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters that XML cannot hold become spaces. */
function escaped(words) {
  return words.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/[&<>"]/g, (char) => ENTITIES[char]);
}

function main([run, out]) {
  if (run === undefined || out === undefined) {
    console.error('usage: node scripts/picture.mjs RUN OUT.svg   (RUN is the folder of a finished run)');
    process.exit(2);
  }
  const report = JSON.parse(readFileSync(join(run, 'report.json'), 'utf8'));
  const [first] = readFileSync(join(run, 'sample.jsonl'), 'utf8').split('\n');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, drawRun(report, first ? JSON.parse(first) : undefined));
}

if (argv[1] === fileURLToPath(import.meta.url)) main(argv.slice(2));
