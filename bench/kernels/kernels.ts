import { build, take, takeFew, takeMost } from './arrowKernels.js';
import type { Kernel } from './kernel.js';
import {
  answer,
  prompt,
  reply,
  requestKey,
  seeds,
  shingles,
  fingerprints,
  verdict,
  words,
} from './textKernels.js';

/** Every kernel that is measured. A new one is a constant in one of these files and its name here. */
export const KERNELS: readonly Kernel[] = [
  seeds,
  requestKey,
  words,
  shingles,
  fingerprints,
  build,
  take,
  takeFew,
  takeMost,
  prompt,
  verdict,
  answer,
  reply,
];
