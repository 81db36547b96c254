// `scalequest run` that ends itself with SIGKILL at a call to the file system of its run folder:
//   node dist/test/crash/child.js CALL[half] FILE OUT [KEY=VALUE …]
import { runFile } from '../../src/cli/commands/run.js';
import { type Files, type OpenFile, nodeFiles } from '../../src/io/files/files.js';
import { systemWorld } from '../../src/run/systemWorld.js';
import { overridesOf } from '../helpers/runs/pipelineWorld.js';

const [at, file, out, ...knobs] = process.argv.slice(2);
const killCall = Number.parseInt(at!);
const killsHalf = at!.endsWith('half');
let calls = 0;

/** Before the call; of a write, when half of its bytes are written, where that was asked for. */
async function reach(writeHalf?: () => Promise<void>): Promise<void> {
  if (calls++ !== killCall) return;
  if (killsHalf) await writeHalf?.();
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment, in which nothing more must be written.
  await new Promise(() => {});
}

function killing(opened: OpenFile): OpenFile {
  return {
    ...opened,
    async write(bytes) {
      await reach(() => opened.write(bytes.subarray(0, bytes.length >> 1)));
      return opened.write(bytes);
    },
    truncate: async (sizeBytes) => (await reach(), opened.truncate(sizeBytes)),
    sync: async () => (await reach(), opened.sync()),
  };
}

const killingFiles: Files = {
  ...nodeFiles,
  async open(path, mode) {
    if (mode === 'read') return nodeFiles.open(path, mode);
    await reach();
    return killing(await nodeFiles.open(path, mode));
  },
  rename: async (from, to) => (await reach(), nodeFiles.rename(from, to)),
  unlink: async (path) => (await reach(), nodeFiles.unlink(path)),
  mkdir: async (path) => (await reach(), nodeFiles.mkdir(path)),
  syncFolder: async (path) => (await reach(), nodeFiles.syncFolder(path)),
};

await runFile(file!, { set: overridesOf(...knobs), out }, { ...systemWorld(), files: killingFiles });
