import type { CommandSpec } from './command.js';
import { askCommand } from './commands/ask.js';
import { chainCommand } from './commands/chain.js';
import { checkCommand } from './commands/check.js';
import { clusterCommand } from './commands/cluster.js';
import { describeCommand } from './commands/describe.js';
import { diffCommand } from './commands/diff.js';
import { initCommand } from './commands/init.js';
import { planCommand } from './commands/plan.js';
import { previewCommand } from './commands/preview.js';
import { pushCommand } from './commands/push.js';
import { rejectsCommand } from './commands/rejects.js';
import { reportCommand } from './commands/report.js';
import { runCommand } from './commands/run.js';
import { serveCommand } from './commands/serve.js';
import { stepsCommand } from './commands/steps.js';
import { storeCommand } from './commands/store.js';
import { trainCommand } from './commands/train.js';
import { verifyCommand } from './commands/verify.js';
import { viewCommand } from './commands/view.js';
import { workerCommand } from './commands/worker.js';

/** The commands, in the order of `--help`: a new one is a file in src/cli/commands and a line here. */
export const COMMANDS: readonly CommandSpec[] = [
  initCommand,
  runCommand,
  checkCommand,
  planCommand,
  previewCommand,
  askCommand,
  rejectsCommand,
  viewCommand,
  pushCommand,
  reportCommand,
  diffCommand,
  trainCommand,
  chainCommand,
  stepsCommand,
  describeCommand,
  storeCommand,
  workerCommand,
  serveCommand,
  clusterCommand,
  verifyCommand,
];
