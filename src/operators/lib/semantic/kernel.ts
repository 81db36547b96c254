/** What `kernel.wat` makes: see there. */
export interface Kernel {
  memory: KernelMemory;
  /** Gives how many vectors it found; their numbers and dot products are written in pairs. */
  scan(
    query: number,
    headDims: number,
    tailDims: number,
    heads: number,
    tails: number,
    marks: number,
    count: number,
    rest: number,
    least: number,
    out: number,
  ): number;
}

export interface KernelMemory {
  /** Another one after each growth. */
  readonly buffer: ArrayBuffer;
  /** By so many pages of 64 KiB. */
  grow(pages: number): number;
}

/** The part of WebAssembly that is used; its types come with those of browsers alone. */
interface Assembly {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (size: { initial: number }) => KernelMemory;
  Instance: new (module: object, imports: object) => { exports: { scan: Kernel['scan'] } };
}

const { Module, Memory, Instance } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;

/** A kernel with memory of its own. */
export function createKernel(): Kernel {
  compiled ??= new Module(Buffer.from(KERNEL_BASE64, 'base64'));
  const memory = new Memory({ initial: 1 });
  const { exports } = new Instance(compiled, { bank: { memory } });
  return { memory, scan: exports.scan };
}

let compiled: object | undefined;

/** kernel.wat, assembled by wabt: its test prints this text where the two differ. */
export const KERNEL_BASE64 = [
  'AGFzbQEAAAABFgJgA39/fwF/YAp/f39/f39/fHx/AX8CEAEEYmFuawZtZW1vcnkCAAEDAwIAAQcIAQRzY2FuAAEK7gICaQIB',
  'fwF7IAEgAmohAwJAA0AgASADTw0BIAQgAf0BAwAgAP0ABAD9ugEgAf0BAwggAP0ABBD9ugH9rgH9rgEhBCAAQSBqIQAgAUEQ',
  'aiEBDAALCyAE/RsAIAT9GwFqIAT9GwIgBP0bA2pqC4ECAwZ/AXsBfCAJIQ4gACABQQF0aiELAkADQCAKIAZPDQEgAyABaiEM',
  'IAAhDf0MAAAAAAAAAAAAAAAAAAAAACEQA0AgECAD/QEDACAN/QAEAP26ASAD/QEDCCAN/QAEEP26Af2uAf2uASEQIA1BIGoh',
  'DSADQRBqIgMgDEkNAAsgEP0bACAQ/RsBaiAQ/RsCIBD9GwNqaiEPIAggBSoCBLuiIREgD7cgByAFKgIAu6KgIBFmBEAgDyAL',
  'IAQgAhAAaiEPIA+3IBFmBEAgDiAKNgIAIA4gDzYCBCAOQQhqIQ4LCyAEIAJqIQQgBUEQaiEFIApBAWohCgwACwsgDiAJa0ED',
  'dgs=',
].join('');
