import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { hostCommand } from '../helpers/commandHost.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';

/** The launchers of docs/train.md, as they stand there: what a dry run says would be started. */

interface Documented {
  command: string[];
  label?: string;
}

/** The block of the docs that lists launchers. */
const TEXT = [
  ...readFileSync(join(PACKAGE_FOLDER, 'docs', 'train.md'), 'utf8').matchAll(/```yaml\n([^]*?)```/g),
]
  .map(([, block]) => block!)
  .find((block) => block.includes('torchrun'))!;
const LAUNCHERS = (parse(TEXT) as { train: Documented[] }).train;

/** Label → what is printed of it; `RUN` is the run folder, `N` the number of the training. */
const COMMANDS: Record<string, string> = {
  torchrun: 'torchrun --nproc-per-node 8 train.py --data RUN --out RUN/train/N/output',
  accelerate: 'accelerate launch --config_file zero3.yaml train.py RUN/shards RUN/train/N/output',
  axolotl: 'axolotl train axolotl.yaml --output-dir RUN/train/N/output',
  'llamafactory-cli': 'llamafactory-cli train llama.yaml output_dir=RUN/train/N/output',
  srun: 'srun --gpus 8 train.sh RUN RUN/train/N/output',
  sbatch: 'sbatch --wait train.sbatch RUN RUN/train/N/output',
  far: 'ssh -tt gpu7 train.sh RUN RUN/train/N/output',
};

let printed: string[];
let run: string;
let folder: string;

before(async () => {
  const finished = await finishedRun();
  ({ run, folder } = finished);
  writeFileSync(finished.file, `${readFileSync(finished.file, 'utf8')}${TEXT}`);
  const { code, stdout, stderr } = await hostCommand(['train', finished.file, '--out', run, '--dry-run']);
  assert.equal(code, 0, stderr);
  printed = stdout.trim().split('\n');
});

test('every launcher of the docs is among these, and each is started in the folder of its file', () => {
  const labels = LAUNCHERS.map(({ label, command }) => label ?? command[0]!);
  assert.deepEqual(labels, Object.keys(COMMANDS));
  assert.equal(printed[0], `cd ${folder}`);
});

for (const [number, [label, command]] of Object.entries(COMMANDS).entries()) {
  test(`${label}: a dry run prints its command with every place filled in`, () => {
    const at = printed.indexOf(`# ${label}`);
    assert.ok(at > 0, printed.join('\n'));
    assert.equal(printed[at + 1], command.replaceAll('RUN', run).replace('train/N/', `train/${number}/`));
  });
}
