import { type ModelConfig, describeModel, protocolOf, protocolsThatCan } from '../../../backends/registry.js';
import type { ScaleQuestError } from '../../../errors.js';
import type { ModelNeed } from '../../../operators/lib/operator.js';
import { type PipelineDocument, problem } from '../../document.js';
import { suggestion } from '../../nearest.js';
import { own } from '../../own.js';
import type { StepEntry } from '../readSteps.js';

/** Why a model cannot do what a step needs, and what could. */
const LACKS: Record<Exclude<ModelNeed['needs'], 'named'>, string> = {
  preQuery:
    'cannot be given a bare user message; expected a protocol for raw prompts ' +
    `(${protocolsThatCan('preQuery')})`,
  complete: `cannot answer; expected a model that writes text (${protocolsThatCan('complete')})`,
  choose:
    `cannot give the probabilities of replies; expected a model that writes text (${protocolsThatCan('choose')}), or ` +
    '`method: score` for one that scores',
  score:
    `cannot score; expected a reward model (${protocolsThatCan('score')}), or another \`method\` for a model that ` +
    'writes text',
  scoreQuestion:
    `cannot score a question alone; expected ${protocolsThatCan('scoreQuestion')}, and a template with a form for a ` +
    'question alone (`user`)',
  scoreSteps: `cannot score steps; expected a process reward model (${protocolsThatCan('scoreSteps')}), or another \`method\``,
  embed: `gives no vectors; expected an embedding model (${protocolsThatCan('embed')})`,
  boundThought:
    `has no server that is known to bound a thought; expected a model of kind ${protocolsThatCan('boundThought')}, or no ` +
    '`thinkingTokensMax`',
  execute: `cannot run programs; expected a sandbox (${protocolsThatCan('execute')})`,
};

function isAble(config: ModelConfig, needs: keyof typeof LACKS): boolean {
  const { can, scoresQuestions } = describeModel(config);
  if (needs === 'scoreQuestion') return can.score && scoresQuestions;
  // A model for scores or vectors alone cannot write text.
  return needs === 'complete'
    ? protocolOf(config).protocol.abilities.complete !== undefined
    : can[needs] === true;
}

/** Finds steps that name a model which the file does not declare, or one that cannot do what they need. */
export function checkNeeds(
  document: PipelineDocument,
  models: Readonly<Record<string, ModelConfig>>,
  entries: readonly StepEntry[],
  problems: ScaleQuestError[],
): void {
  const declared = Object.keys((document.value as { models?: object }).models ?? {});
  for (const { index, step } of entries) {
    if (!step) continue;
    for (const { model, needs, at } of step.spec.models(step.parsed)) {
      const path = ['steps', index, step.spec.name, ...at];
      const config = own(models, model);
      if (!config) {
        // A model whose own mistake is reported already is not reported as missing too.
        if (declared.includes(model)) continue;
        const message = `no model is called "${model}"; ${suggestion(model, declared)}`;
        problems.push(problem('ERR_PIPELINE_MODEL', document.at(path), message));
        continue;
      }
      if (needs === 'named' || isAble(config, needs)) continue;
      const lack = needs === 'scoreQuestion' && !describeModel(config).can.score ? 'score' : needs;
      const message = `${model} ${LACKS[lack]}`;
      problems.push(problem('ERR_PIPELINE_MODEL', document.at(path), message));
    }
  }
}
