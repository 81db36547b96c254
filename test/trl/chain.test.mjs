// The whole method as one chain, for real and in small: the bundled model is tuned on questions, preferred towards better ones,
// writes a set, a student is trained on it and evaluated; TRL trains, llama.cpp infers, nothing is done twice.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const python = process.env.SCALEQUEST_PYTHON;
const trl = join(dirname(python), 'trl');
const folder = mkdtempSync(join(tmpdir(), 'scalequest-chain-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function call(program, args, status = 0) {
  const found = spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 900_000 });
  assert.equal(found.status, status, `${program} ${args.join(' ')}\n${found.stdout}\n${found.stderr}`);
  return found.stdout;
}

const model = (name) => join(root, 'models', name);
const pipeline = (name) => join(root, 'pipelines', name);

/** A GGUF in one process. */
function engine(path) {
  return { llamaCpp: { path, processes: 1, contextTokens: 512 }, template: 'qwen2-math' };
}

/** TRL with a few steps on a CPU, from `start`. */
function recipe(task, start, args = {}) {
  const small = { use_cpu: true, bf16: false, max_steps: 4, per_device_train_batch_size: 4 };
  const more = { gradient_accumulation_steps: 1, logging_steps: 1, save_strategy: 'no' };
  return { task, model: start, program: [trl], args: { ...small, ...more, ...args } };
}

/** A link that turns a trained model into one that llama.cpp serves. */
function toGguf(name, from) {
  const script = join(root, 'models', 'export_gguf.py');
  const command = [python, script, `{{ ${from}.model }}/model.safetensors`, '{{ output }}'];
  return { name, command, output: 'model.gguf', inputs: [`{{ ${from}.model }}/model.safetensors`] };
}

const ROLES = ['deepseekGenerator', 'solver', 'scorer', 'reward'];

const LINKS = [
  {
    name: 'qft',
    pipeline: pipeline('qft.yaml'),
    set: {
      'source.jsonl.path': join(folder, 'questions.jsonl'),
      'train.0.trl': recipe('qft', join(folder, 'hf'), { packing: false }),
    },
  },
  toGguf('qftGguf', 'qft'),
  {
    name: 'qpo',
    pipeline: pipeline('qpo.yaml'),
    set: {
      target: 12,
      'models.generator': engine('{{ qftGguf.output }}'),
      'models.rewriter': engine(model('rewriter.gguf')),
      'steps.generate.tokensMax': 128,
      'steps.rewrite.prompts': {
        solvability: 'prompts/rewriteSolvabilityShort.txt',
        difficulty: 'prompts/rewriteDifficultyShort.txt',
      },
      'steps.rewrite.tokensMax': 192,
      'train.0.trl': recipe('qpo', '{{ qft.model }}', { warmup_steps: 0 }),
    },
  },
  toGguf('qpoGguf', 'qpo'),
  {
    name: 'synthesis',
    pipeline: pipeline('scalequest-math.yaml'),
    set: {
      target: 12,
      'models.qwenGenerator': engine('{{ qpoGguf.output }}'),
      ...Object.fromEntries(ROLES.map((role) => [`models.${role}`, engine(model('tiny.gguf'))])),
      'steps.generate.tokensMax': 128,
      'steps.generate.generators': [{ model: 'qwenGenerator' }],
      'steps.judgeSolvability.tokensMax': 112,
      'steps.scoreDifficulty.enabled': false,
      'steps.sampleDifficulty.enabled': false,
      'steps.respond.tokensMax': 160,
      'steps.scoreReward.method': 'yesNo',
      'steps.decontaminate.enabled': true,
      'steps.decontaminate.benchmarks': [{ path: join(folder, 'benchmark.jsonl') }],
      'output.columns': ['question', 'response', 'reward', 'responses', 'rewards'],
      'train.0.when': { rowsMin: 12, rewardMeanMin: 0.01 },
      'train.0.trl': recipe('solver', join(folder, 'hf')),
    },
  },
  toGguf('studentGguf', 'synthesis'),
  {
    name: 'evaluation',
    pipeline: pipeline('evaluate.yaml'),
    set: {
      limit: 4,
      'source.jsonl.path': join(folder, 'benchmark.jsonl'),
      'models.student': engine('{{ studentGguf.output }}'),
      'steps.greedy.tokensMax': 160,
      'steps.sampled.tokensMax': 160,
      'steps.sampled.n': 4,
    },
  },
];

function chain() {
  return call(process.execPath, [join(root, 'dist', 'src', 'cli', 'main.js'), 'chain', 'loop.yaml']);
}

test('QFT, QPO, synthesis, training, evaluation: one chain, and again nothing is done twice', () => {
  call(python, [join(root, 'models', 'to_hf.py'), model('tiny.gguf'), join(folder, 'hf')]);
  const sound = readFileSync(model('heldout.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"answer"'));
  writeFileSync(join(folder, 'questions.jsonl'), sound.slice(0, 40).join('\n'));
  writeFileSync(join(folder, 'benchmark.jsonl'), sound.slice(40, 48).join('\n'));
  // JSON is YAML.
  writeFileSync(join(folder, 'loop.yaml'), JSON.stringify({ name: 'loop', links: LINKS }));

  const first = chain();
  for (const task of ['qft', 'qpo', 'solver'])
    assert.match(first, new RegExp(`training ${task}: finished in`));
  const report = JSON.parse(readFileSync(join(folder, 'runs', 'loop', 'evaluation', 'report.json'), 'utf8'));
  const { greedyAccuracy, sampledAccuracy } = report.figures;
  assert.equal(greedyAccuracy.problems, 4);
  assert.ok(greedyAccuracy['pass@1'].low >= 0 && sampledAccuracy['pass@4'].value <= 1);
  console.log(JSON.stringify({ greedy: greedyAccuracy['pass@1'], sampled: sampledAccuracy['pass@1'] }));

  const again = chain();
  assert.equal(again.match(/the run was complete/g).length, 4);
  assert.equal(again.match(/finished already/g).length, 6);
  assert.doesNotMatch(again, /finished in/);
});
