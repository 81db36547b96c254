import type { MemoryBudget } from '../near/memoryBudget.js';
import { type Kernel, type KernelMemory, createKernel } from './kernel.js';
import { squareOf } from './quantize.js';

/** What a comparison found: a stored vector, its dot product with the query, the square of its length, and its label. */
export interface Found {
  number: number;
  label: number;
  dot: number;
  square: number;
}

/** A vector that stored ones are compared with. */
export interface Query {
  vector: Int8Array;
  /** The square of its length. */
  square: number;
}

/** Vectors in memories of WebAssembly, where the kernel compares them. */
export interface VectorBanks {
  /** Throws ERR_MEMORY before anything has changed. */
  add(vector: Int8Array, label: number): void;
  /** Calls `use`, in the order of adding, for all stored vectors whose cosine may be `least()` or more; it is asked for each piece. */
  scan(query: Query, least: () => number, use: (found: Found) => void): void;
  readonly size: number;
}

/** Vectors of a piece. Pieces are never moved, so that no addition takes long. */
const PIECE_VECTORS = 1 << 12;
const PAGE_BYTES = 1 << 16;
/** A WebAssembly memory holds 4 GiB; offsets stay below 2 GiB, which are small integers. */
const BANK_BYTES_MAX = 2 ** 31 - PAGE_BYTES;
/** Its parts are summed 16 at a time. */
const DIMS_STEP = 16;
/** Of each vector: the length of its tail and its length (32-bit floats), the square of the latter, and its label. */
const MARK_BYTES = 16;
const FOUND_BYTES = 8;

/** Lengths are stored as 32-bit floats: what passes with so much to spare is looked at exactly. */
const SLACK = 1e-6;

interface Bank {
  kernel: Kernel;
  bytes: number;
  views: Views;
}

interface Views {
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  float32: Float32Array;
}

interface Piece {
  bank: Bank;
  heads: number;
  tails: number;
  marks: number;
}

/** How vectors lie in a bank: the query, what a scan finds, and pieces. A vector is cut into a head and a tail. */
export interface Layout {
  dims: number;
  headDims: number;
  tailDims: number;
  outAt: number;
  headerBytes: number;
  pieceBytes: number;
}

export function createVectorBanks(layout: Layout, budget: MemoryBudget): VectorBanks {
  const { headDims, tailDims, headerBytes, pieceBytes } = layout;
  const banks: Bank[] = [];
  const pieces: Piece[] = [];
  let size = 0;

  function open(): void {
    const isFull = banks.length === 0 || banks.at(-1)!.bytes + pieceBytes > BANK_BYTES_MAX;
    budget.take(pieceBytes + (isFull ? headerBytes : 0));
    if (isFull) banks.push(createBank(headerBytes));
    const bank = banks.at(-1)!;
    const heads = bank.bytes;
    const tails = heads + PIECE_VECTORS * headDims;
    growBank(bank, pieceBytes);
    pieces.push({ bank, heads, tails, marks: tails + PIECE_VECTORS * tailDims });
  }

  function add(vector: Int8Array, label: number): void {
    if (size % PIECE_VECTORS === 0) open();
    writeVector(layout, pieces.at(-1)!, size % PIECE_VECTORS, vector, label);
    size += 1;
  }

  function scan(query: Query, least: () => number, use: (found: Found) => void): void {
    for (const { views } of banks) writeQuery(views, layout, query.vector);
    const length = Math.sqrt(query.square);
    const rest = Math.sqrt(squareOf(query.vector.subarray(headDims)));
    for (const [at, piece] of pieces.entries()) {
      const first = at * PIECE_VECTORS;
      const count = Math.min(PIECE_VECTORS, size - first);
      scanPiece(layout, piece, count, rest, least() * length * (1 - SLACK), (found) =>
        use({ ...found, number: first + found.number }),
      );
    }
  }

  return {
    add,
    scan,
    get size() {
      return size;
    },
  };
}

/** The memories keep zeros where a vector is padded. */
function writeQuery({ int16 }: Views, { headDims, tailDims }: Layout, vector: Int8Array): void {
  int16.fill(0, 0, headDims + tailDims);
  int16.set(vector);
}

function writeVector(
  { headDims, tailDims }: Layout,
  { bank, heads, tails, marks }: Piece,
  place: number,
  vector: Int8Array,
  label: number,
): void {
  const { int8, int32, float32 } = bank.views;
  int8.set(vector.subarray(0, headDims), heads + place * headDims);
  int8.set(vector.subarray(headDims), tails + place * tailDims);
  const mark = (marks + place * MARK_BYTES) / 4;
  const square = squareOf(vector);
  float32[mark] = Math.sqrt(squareOf(vector.subarray(headDims)));
  float32[mark + 1] = Math.sqrt(square);
  int32[mark + 2] = square;
  int32[mark + 3] = label;
}

function scanPiece(
  { headDims, tailDims, outAt }: Layout,
  { bank, heads, tails, marks }: Piece,
  count: number,
  rest: number,
  needed: number,
  use: (found: Found) => void,
): void {
  const { int32 } = bank.views;
  const found = bank.kernel.scan(0, headDims, tailDims, heads, tails, marks, count, rest, needed, outAt);
  for (let each = 0; each < found; each++) {
    const at = (outAt + each * FOUND_BYTES) / 4;
    const number = int32[at]!;
    const mark = (marks + number * MARK_BYTES) / 4;
    use({ number, dot: int32[at + 1]!, square: int32[mark + 2]!, label: int32[mark + 3]! });
  }
}

/** The bytes that an index takes for so many vectors. */
export function vectorIndexBytes(dims: number, vectors: number): number {
  const { headerBytes, pieceBytes } = layoutOf(dims, 1);
  return headerBytes + Math.ceil(vectors / PIECE_VECTORS) * pieceBytes;
}

export function layoutOf(dims: number, similarityMin: number): Layout {
  const all = stepped(dims);
  const headDims = Math.min(all, stepped(dims * headShare(similarityMin)));
  const tailDims = all - headDims;
  const outAt = stepped(2 * all);
  const headerBytes = pages(outAt + PIECE_VECTORS * FOUND_BYTES);
  return { dims, headDims, tailDims, outAt, headerBytes, pieceBytes: PIECE_VECTORS * (all + MARK_BYTES) };
}

/**
 * Two vectors of cosine c pass the comparison of their heads where those are about a share of (1 - similarityMin) / (1 - c) or less: with
 * this one hardly any with a cosine below COMMON, as most questions of one kind have. It decides what a comparison costs, and no more.
 */
function headShare(similarityMin: number): number {
  return Math.max(LEAST_HEAD, (1 - similarityMin) / (1 - COMMON));
}

const COMMON = 0.7;
const LEAST_HEAD = 1 / 6;

function stepped(dims: number): number {
  return Math.max(DIMS_STEP, Math.ceil(dims / DIMS_STEP) * DIMS_STEP);
}

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

function createBank(headerBytes: number): Bank {
  const kernel = createKernel();
  const bank = { kernel, bytes: 0, views: viewsOf(kernel.memory) };
  growBank(bank, headerBytes);
  return bank;
}

function growBank(bank: Bank, bytes: number): void {
  const { memory } = bank.kernel;
  bank.bytes += bytes;
  const missing = bank.bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  bank.views = viewsOf(memory);
}

function viewsOf({ buffer }: KernelMemory): Views {
  return {
    int8: new Int8Array(buffer),
    int16: new Int16Array(buffer),
    int32: new Int32Array(buffer),
    float32: new Float32Array(buffer),
  };
}
