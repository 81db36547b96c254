import { readFileSync } from 'node:fs';

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** The functions of a `--cpu-prof` file with the most time of their own: `[share, function, where]`. */
export function topEntries(path: string, count: number): string[][] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as Profile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const spent = new Map<string, number>();
  let total = 0;
  samples.forEach((id, at) => {
    const name = names.get(id)!;
    if (name.startsWith('(idle)')) return;
    total += timeDeltas[at]!;
    spent.set(name, (spent.get(name) ?? 0) + timeDeltas[at]!);
  });
  return [...spent]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([name, time]) => [`${((100 * time) / total).toFixed(1)} %`, ...name.split('\t')]);
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const where = url ? `${url.replace(/^.*\/(?=(?:node_modules|dist)\/)/, '')}:${lineNumber + 1}` : '';
  return `${functionName || '(anonymous)'}\t${where}`;
}
