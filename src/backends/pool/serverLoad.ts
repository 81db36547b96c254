/** What a server's metrics page says of its load. */
export interface ServerLoad {
  running: number;
  waiting: number;
}

/**
 * The gauges of each known server on its /metrics page (Prometheus text): requests running and waiting. SGLang has written
 * its names with a colon and with an underscore (sgl-project/sglang #15758, #34408).
 */
const GAUGES = [
  { running: 'vllm:num_requests_running', waiting: 'vllm:num_requests_waiting' },
  { running: 'sglang:num_running_reqs', waiting: 'sglang:num_queue_reqs' },
  { running: 'sglang_num_running_reqs', waiting: 'sglang_num_queue_reqs' },
  { running: 'llamacpp:requests_processing', waiting: 'llamacpp:requests_deferred' },
] as const;

/** What follows a metric's name: labels, which may hold braces in quotes, and the value. */
const SAMPLE = /^\s*(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s*(\S+)/;

/** Reads the load from a metrics page; null if it has none of the known gauges. Engines of one server are added up. */
export function readServerLoad(page: string): ServerLoad | null {
  for (const { running, waiting } of GAUGES) {
    const runningNow = sumOf(page, running);
    const waitingNow = sumOf(page, waiting);
    if (runningNow !== null && waitingNow !== null) return { running: runningNow, waiting: waitingNow };
  }
  return null;
}

/** Adds up a metric's samples over its labels; null if it has none, or one is not a number. */
function sumOf(page: string, name: string): number | null {
  let sum: number | null = null;
  for (let at = page.indexOf(name); at >= 0; at = page.indexOf(name, at + name.length)) {
    const isSample = (at === 0 || page[at - 1] === '\n') && /[\s{]/.test(page[at + name.length] ?? '');
    if (!isSample) continue;
    const end = page.indexOf('\n', at);
    const line = page.slice(at + name.length, end < 0 ? undefined : end);
    const [, text] = line.match(SAMPLE) ?? [];
    const value = Number(text);
    if (text === undefined || !Number.isFinite(value) || value < 0) return null;
    sum = (sum ?? 0) + value;
  }
  return sum;
}
