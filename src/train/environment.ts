import { keyRedactor } from '../text/redactKey.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What programs need of the system, the GPU, their caches and their cluster; nothing of it is a secret. */
const NAMES = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'TERM',
    'LANG',
    'TZ',
    'TMPDIR',
    'TEMP',
    'TMP',
    'SYSTEMROOT',
  ],
  ...['VIRTUAL_ENV', 'LD_LIBRARY_PATH', 'LD_PRELOAD', 'SSH_AUTH_SOCK', 'NO_PROXY', 'no_proxy'],
  ...['HF_HOME', 'HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_HUB_OFFLINE', 'HF_DATASETS_CACHE', 'HF_DATASETS_OFFLINE'],
];
const FAMILIES = [
  ...['LC_', 'XDG_', 'CONDA_', 'PYTHON', 'CUDA_', 'NVIDIA_', 'NCCL_', 'ROCR_', 'HIP_', 'ROCM_'],
  ...['OMP_', 'MKL_', 'OPENBLAS_', 'TORCH_', 'PYTORCH_', 'TRITON_', 'ACCELERATE_', 'TRANSFORMERS_', 'SLURM_'],
];

/** Names of variables whose values are secrets, as `HF_TOKEN`, `SLURM_JWT`; not `TOKENIZER`. */
export function isSecretName(name: string): boolean {
  return /(key|token|secret|pass|password|passwd|passphrase|credential|jwt)s?\d*(_|$)/i.test(name);
}

/** What a trainer is given: keys of the models that wrote the data stay here unless `env` names them. */
export function trainerEnvironment(all: Environment, names: readonly string[]): Record<string, string> {
  const isGiven = (name: string): boolean =>
    names.includes(name) || NAMES.includes(name) || (isOfFamily(name) && !isSecretName(name));
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value !== undefined && isGiven(name) ? [[name, value]] : [],
    ),
  );
}

function isOfFamily(name: string): boolean {
  return FAMILIES.some((family) => name.startsWith(family));
}

/** Takes the values of the named variables out of what a trainer prints. */
export function secretRemover(all: Environment, names: readonly string[]): (line: string) => string {
  return inTurn(names.map((name) => keyRedactor(all[name])));
}

/** Shorter ones are found in too many words that are no secret. */
const FILLED_CHARS_MIN = 4;

/** Writes `${NAME}` again for what the environment has filled in, where the variable is a secret by its name. */
export function filledRemover(filled: ReadonlyMap<string, string>): (text: string) => string {
  const secrets = [...filled]
    .filter(([name]) => isSecretName(name))
    // One may hold another.
    .sort(([, a], [, b]) => b.length - a.length);
  return inTurn(secrets.map(([name, value]) => keyRedactor(value, `\${${name}}`, FILLED_CHARS_MIN)));
}

function inTurn(removers: readonly ((text: string) => string)[]): (text: string) => string {
  return (text) => removers.reduce((clean, remove) => remove(clean), text);
}
