type Environment = Readonly<Record<string, string | undefined>>;

/** What programs need of the system, the GPU, their caches and their cluster; nothing of it is a secret. */
const NAMES = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'TEMP', 'TMP'],
  ...[
    'SYSTEMROOT',
    'VIRTUAL_ENV',
    'NO_PROXY',
    'no_proxy',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'REQUESTS_CA_BUNDLE',
  ],
];

/** Beginnings of names that belong to one program or library. */
const FAMILIES = [
  ...['LC_', 'XDG_', 'LD_', 'DYLD_', 'MALLOC_', 'CONDA_', 'PYTHON', 'NODE_', 'SLURM_'],
  ...[
    'CUDA_',
    'CUDNN_',
    'NVIDIA_',
    'NCCL_',
    'GLOO_',
    'UCX_',
    'ROCR_',
    'HIP_',
    'ROCM_',
    'HSA_',
    'MIOPEN_',
    'GPU_',
  ],
  ...['OMP_', 'KMP_', 'GOMP_', 'MKL_', 'OPENBLAS_', 'NUMEXPR_', 'GGML_', 'LLAMA_', 'VK_'],
  ...[
    'HF_',
    'TRANSFORMERS_',
    'TOKENIZERS_',
    'TORCH_',
    'TORCHINDUCTOR_',
    'PYTORCH_',
    'TRITON_',
    'ACCELERATE_',
  ],
  ...['VLLM_', 'SGLANG_', 'FLASHINFER_', 'RAY_'],
];

const SECRET = /(key|token|secret|pass|password|passwd|passphrase|credential|jwt|bearer|cookie)s?\d*(_|$)/i;
const SECRET_WORD = /(^|_)(auth|pat|pwd|cred|session|private)s?\d*(_|$)/i;

/** Names of variables whose values are secrets, as `HF_TOKEN`, `GITHUB_PAT`, `SLURM_JWT`; not `TOKENIZER`, not `PATH`. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) || SECRET_WORD.test(name);
}

/** What a program that we start is given: what it needs of the system, and what the pipeline file names for it. */
export function childEnvironment(all: Environment, names: readonly string[]): Record<string, string> {
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
