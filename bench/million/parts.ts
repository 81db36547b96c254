import { readFileSync } from 'node:fs';

interface Node {
  id: number;
  callFrame: { functionName: string; url: string };
  children?: number[];
}

export interface Part {
  /** A file of src, a package, or what Node does. */
  part: string;
  share: number;
  us: number;
}

/**
 * A `--cpu-prof` file by parts of the code. A sample counts for the innermost frame that is ours or a package's, so that what
 * Node does on its behalf is with it; what nobody of these called, as garbage collection, stands for itself.
 */
export function partsOf(path: string, count: number): Part[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as {
    nodes: Node[];
    samples: number[];
    timeDeltas: number[];
  };
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parts = new Map<number, string>();
  // Parents come before their children.
  for (const node of nodes) {
    const part = ownPart(node.callFrame.url) ?? parts.get(node.id) ?? node.callFrame.functionName;
    parts.set(node.id, part);
    for (const child of node.children ?? []) {
      const own = ownPart(byId.get(child)!.callFrame.url);
      const isRoot = part === '(root)';
      const name = byId.get(child)!.callFrame.functionName || 'node';
      parts.set(child, own ?? (isRoot ? (name.startsWith('(') ? name : 'node') : part));
    }
  }
  const spent = new Map<string, number>();
  let total = 0;
  samples.forEach((id, at) => {
    const part = parts.get(id)!;
    if (part === '(idle)') return;
    total += timeDeltas[at]!;
    spent.set(part, (spent.get(part) ?? 0) + timeDeltas[at]!);
  });
  return [...spent]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([part, us]) => ({ part, share: us / total, us }));
}

/** `operators/respond`, `store/store`, `package undici`; null for Node's own code. */
function ownPart(url: string): string | null {
  const own = /\/dist\/(?:src|bench)\/(.+)\.js$/.exec(url)?.[1];
  if (own !== undefined) return own;
  const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return name === undefined ? null : `package ${name}`;
}
