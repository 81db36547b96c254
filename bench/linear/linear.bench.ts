// Doubles the text of each reader up to 4 MB, and prints CPU and the ratio of the last two: about 2 where reading is linear.
//   npm run bench:linear [-- --reader=answer]
import { printTable } from '../../src/run/report/report.js';
import { type ReadText, cpuMsOf, isRead, patternReaders, piecesFor, textOf, textReaders } from './readers.js';

const SIZES = [1, 2, 4].map((megabytes) => megabytes * 2 ** 20);
/** Below it a ratio says nothing. */
const CPU_MS_MIN = 20;

interface Worst {
  piece: string;
  cpuMs: number[];
}

function measure(read: ReadText, piece: string): Worst {
  const cpuMs = SIZES.map((chars) => {
    const text = textOf(piece, chars);
    const once = (): number => cpuMsOf(() => isRead(read, text));
    // A collection of garbage may fall into one of them.
    return Math.min(once(), once());
  });
  return { piece, cpuMs };
}

/** The piece that takes longest at the largest size. */
function worstOf(name: string, read: ReadText): Worst {
  const measured = piecesFor(name).map((piece) => measure(read, piece));
  return measured.reduce((top, own) => (own.cpuMs.at(-1)! > top.cpuMs.at(-1)! ? own : top));
}

const only = process.argv.find((word) => word.startsWith('--reader='))?.slice('--reader='.length);
const rows: string[][] = [];
for (const [name, read] of Object.entries({ ...(await textReaders()), ...patternReaders() })) {
  if (only !== undefined && only !== name) continue;
  const { piece, cpuMs } = worstOf(name, read);
  const [, half, all] = cpuMs as [number, number, number];
  const ratio = all < CPU_MS_MIN ? '–' : (all / half).toFixed(1);
  rows.push([name, JSON.stringify(piece), ...cpuMs.map((ms) => ms.toFixed(0)), ratio]);
}
console.log('node dist/bench/linear/linear.bench.js\n');
console.log(printTable(['reader', 'slowest piece', '1 MB: ms', '2 MB', '4 MB', 'ratio'], rows));
