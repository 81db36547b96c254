import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { treeHash } from '../../io/files/contents.js';
import { type Chain, type Link, fillLinks } from '../../pipeline/chain.js';
import { trainingSchema } from '../../train/schema.js';
import type { OnceOptions } from '../../train/train.js';

/** How the program of a link is launched, with a hash of the files that it reads. */
export async function onceOptions(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
): Promise<OnceOptions> {
  const { name, env, timeoutMs, silentMs } = link;
  const paths = fillLinks(link.inputs, given).map((path) => resolve(chain.folder, path));
  const contents = await Promise.all(paths.map((path) => treeHash(path)));
  const command = fillLinks(link.command!, new Map([...given, ['output', '{{ output }}']]));
  return {
    training: trainingSchema.parse({ label: name, command, env, timeoutMs, silentMs }),
    run: resolve(chain.runs, name),
    inputs: createHash('sha256').update(JSON.stringify({ command, contents })).digest('hex'),
    output: (path) => join(path, link.output),
    cwd: chain.folder,
  };
}
