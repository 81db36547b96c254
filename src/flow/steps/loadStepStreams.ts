import { defer, finalize } from 'rxjs';
import { mapBatches } from './mapBatches.js';
import { mapWhole } from './mapWhole.js';
import { scanBatches } from './scanBatches.js';
import { type StepStreams, provideStepStreams } from './stepStreams.js';

/** Imported for its effect: from then on steps can stream. See `stepStreams`. */

const withResource: StepStreams['withResource'] = (open, use, close) => (source) =>
  defer(() => {
    const resource = open();
    return source.pipe(
      use(resource),
      finalize(() => close(resource)),
    );
  });

provideStepStreams({ mapBatches, mapWhole, scanBatches, withResource });
