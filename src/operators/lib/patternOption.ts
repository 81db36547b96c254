import { z } from 'zod';
import { type Pattern, compilePattern, patternFault } from '../../text/pattern.js';

/** An option that holds a pattern; what is wrong with it is found at `check`. */
export const patternOption = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault === null) return;
  const message = `${fault}; expected a pattern of RE2, which has no look-arounds and no back-references`;
  context.addIssue({ code: 'custom', message });
});

/** The patterns of a step, compiled once. */
export function patternsOf({
  matches,
  refuses,
}: {
  matches?: string | undefined;
  refuses?: string | undefined;
}): {
  matches: Pattern | undefined;
  refuses: Pattern | undefined;
} {
  return {
    matches: matches === undefined ? undefined : compilePattern(matches),
    refuses: refuses === undefined ? undefined : compilePattern(refuses),
  };
}
