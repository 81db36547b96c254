import type { Clock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';

/** The hub that data sets are read from. */
export interface HubAccess {
  /** Its address, without a slash at the end. */
  endpoint: string;
  /** Sent to it, and shown nowhere; undefined for public sets. */
  token: string | undefined;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** Told why a request is sent again, and when. */
  onRetry?: ((reason: string, waitS: number) => void) | undefined;
  /** Keeps the commit that was first read, so that whoever goes on reads the same; absent where nobody does. */
  pin?: HubPin | undefined;
}

/** The commit at which a revision of a data set is read. */
export interface HubPin {
  read(): Promise<string | null>;
  /** Durable when it resolves. */
  write(commit: string): Promise<void>;
}

export const HUB_ENDPOINT = 'https://huggingface.co';

/** The hub of the environment: HF_ENDPOINT and HF_TOKEN. */
export function hubOf(
  env: Readonly<Record<string, string | undefined>>,
  more: Pick<HubAccess, 'clock' | 'signal' | 'onRetry' | 'pin'>,
): HubAccess {
  const endpoint = (env['HF_ENDPOINT'] || HUB_ENDPOINT).replace(/\/+$/, '');
  return { endpoint, token: env['HF_TOKEN'] || undefined, ...more };
}

/** A source of a hub is read by commands that were given one. */
export function noHub(dataset: string): ScaleQuestError {
  const message = `found no hub to read ${dataset} from, expected one; \`run\` and \`preview\` read it`;
  return new ScaleQuestError('ERR_HUB_UNREACHABLE', message);
}
