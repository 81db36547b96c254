/** What a socket gives when it is read: bytes, or null for none now. */
type Read = () => Buffer | null;

/**
 * Takes `100 Continue` away from the beginning of replies. Nobody asked for it, but some gateways send it, and a client must bear
 * it (RFC 9110, 15.2); undici takes it for a broken reply and cuts the connection.
 */
export interface ContinueFilter {
  /** A connection was opened: from now on its socket is read through the filter. */
  watch(socket: { read: Read }): void;
  /** A request goes out: what comes next is the beginning of its reply. */
  replyBegins(): void;
}

const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_BYTES_MAX = 1 << 14;

export function createContinueFilter(): ContinueFilter {
  let isBeginning = false;
  let held: Buffer = NOTHING;

  /** What is left of the bytes; null where nothing is, or it is not known yet. */
  function withoutContinue(chunk: Buffer): Buffer | null {
    let bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    const kept: Buffer[] = [];
    held = NOTHING;
    while (isBeginning && bytes.length > 0) {
      const head = interimHead(bytes);
      if (head === 'none') isBeginning = false;
      else if (head === 'unknown') {
        held = bytes;
        bytes = NOTHING;
      } else {
        if (!head.isContinue) kept.push(bytes.subarray(0, head.bytes));
        bytes = bytes.subarray(head.bytes);
      }
    }
    if (kept.length === 0) return bytes.length > 0 ? bytes : null;
    return Buffer.concat([...kept, bytes]);
  }

  return {
    watch(socket) {
      held = NOTHING;
      const read = socket.read.bind(socket) as Read;
      socket.read = () => {
        for (;;) {
          const chunk = read();
          if (!isBeginning || chunk === null) return chunk;
          const rest = withoutContinue(chunk);
          if (rest) return rest;
        }
      };
    },
    replyBegins() {
      isBeginning = true;
    },
  };
}

/** The digits of a status that is not final: others than 101, after which another protocol begins. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d/;
const INTERIM_CHARS = 'HTTP/1.1 100'.length;
/** Where the status stands, and how one that is not final begins. */
const STATUS_AT = 'HTTP/1.1 '.length;
const ONE = '1'.charCodeAt(0);
const STARTS = ['HTTP/1.1 1', 'HTTP/1.0 1'];

/** The interim reply that stands at the start; `unknown` where more must come to tell. */
function interimHead(bytes: Buffer): { bytes: number; isContinue: boolean } | 'none' | 'unknown' {
  // Nearly all replies are final ones.
  if (bytes.length > STATUS_AT && bytes[STATUS_AT] !== ONE) return 'none';
  const line = bytes.toString('latin1', 0, INTERIM_CHARS);
  const mayBegin = STARTS.some((start) => line.startsWith(start) || start.startsWith(line));
  if (!mayBegin) return 'none';
  if (line.length < INTERIM_CHARS) return 'unknown';
  if (!INTERIM.test(line)) return 'none';
  const end = bytes.indexOf(HEAD_END);
  if (end >= 0) return { bytes: end + HEAD_END.length, isContinue: line.endsWith('100') };
  return bytes.length > HEAD_BYTES_MAX ? 'none' : 'unknown';
}
