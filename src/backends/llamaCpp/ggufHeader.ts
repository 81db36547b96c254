/**
 * The fixed start of a GGUF file (ggml, docs/gguf.md): the letters GGUF, then little-endian a version of 32 bits and the
 * numbers of tensors and of metadata entries, 64 bits each. llama.cpp reads versions 2 and 3.
 */
export const GGUF_HEADER_BYTES = 24;

const VERSIONS = [2, 3];
/** Far above the counts of any model, and far below what a damaged number usually is. */
const COUNT_MAX = 1_000_000n;

/** Judges a GGUF model by its first bytes: what is wrong with the file and what to do, or null if nothing is. */
export function ggufFault(head: Uint8Array): string | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const letters = Buffer.from(head.subarray(0, 4)).toString('latin1');
  if (letters !== 'GGUF') return `found ${startText(head)}, expected a GGUF model${otherFormat(letters)}`;
  if (head.byteLength < GGUF_HEADER_BYTES) {
    return `the file ends inside its header, after ${head.byteLength} bytes; copy or download it again`;
  }
  const version = view.getUint32(4, true);
  if (VERSIONS.includes(view.getUint32(4, false))) {
    return 'it is a GGUF file of a big-endian machine; convert the model again, for this one';
  }
  if (!VERSIONS.includes(version)) {
    return `found version ${version} of GGUF, expected ${VERSIONS.join(' or ')}; convert the model again`;
  }
  const [tensors, entries] = [view.getBigUint64(8, true), view.getBigUint64(16, true)];
  if (tensors > 0n && tensors <= COUNT_MAX && entries > 0n && entries <= COUNT_MAX) return null;
  return `its header names ${tensors} tensors and ${entries} entries of metadata, which no model has; copy or download it again`;
}

function startText(head: Uint8Array): string {
  if (head.byteLength === 0) return 'an empty file';
  const text = Buffer.from(head.subarray(0, 8)).toString('latin1');
  return `a file that begins with ${JSON.stringify(text)}`;
}

function otherFormat(letters: string): string {
  if (letters === 'PK\x03\x04')
    return ': PyTorch checkpoints must be converted, as by convert_hf_to_gguf.py of llama.cpp';
  if (letters === 'vers') return ': this is a pointer of Git LFS, `git lfs pull` brings the file';
  return '; safetensors and the like must be converted, as by convert_hf_to_gguf.py of llama.cpp';
}
