import type { BatchOperator } from './batch.js';
import { stepStreams } from './steps/stepStreams.js';

/** An operator that opens something for each subscription, such as a thread, and closes it when that ends, however it ends. */
export function withResource<Resource>(
  open: () => Resource,
  use: (resource: Resource) => BatchOperator,
  close: (resource: Resource) => void,
): BatchOperator {
  return (source) => stepStreams().withResource(open, use, close)(source);
}
