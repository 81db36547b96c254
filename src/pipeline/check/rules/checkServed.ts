import { type ModelConfig, describeModel, protocolOf } from '../../../backends/registry.js';
import type { ScaleQuestError } from '../../../errors.js';
import { type PipelineDocument, problem } from '../../document.js';

/** Finds two models that start a server at the same address: the second would find its port taken, or get the first one's replies. */
export function checkServed(
  document: PipelineDocument,
  models: Readonly<Record<string, ModelConfig>>,
): ScaleQuestError[] {
  const starters = new Map<string, string>();
  return Object.entries(models).flatMap(([name, config]) => {
    const served = servedAt(config);
    if (!served) return [];
    const first = starters.get(served.address);
    if (first === undefined) {
      starters.set(served.address, name);
      return [];
    }
    const message =
      `found a second server at ${served.address}, which model ${first} starts already; leave out \`serve\` here to use that one, ` +
      'or give this one another port';
    return [problem('ERR_PIPELINE_INVALID', document.at(['models', name, served.kind, 'serve']), message)];
  });
}

function servedAt(config: ModelConfig): { kind: string; address: string } | null {
  const { servers } = describeModel(config);
  if (!servers?.isManaged) return null;
  return { kind: protocolOf(config).name, address: new URL(servers.replicas[0]!).host };
}
