import { z } from 'zod';

/**
 * A schema of any library that follows Standard Schema 1 (https://standardschema.dev), such as zod, valibot or arktype: so that an
 * operator of one's own does not depend on the version of zod that this package has.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the standard asks of a schema. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value: the value with its defaults, or what is wrong with it and where. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** The same schema for zod, which puts the mistakes where they are in the options around it. A schema must not be asynchronous. */
export function zodOf<Input, Output>(schema: StandardSchema<Input, Output>): z.ZodType<Output, Input> {
  const checked = z.unknown().transform((value, context) => {
    const result = schema['~standard'].validate(value);
    if (result instanceof Promise)
      return refuse(context, [{ message: 'expected a schema that is not asynchronous' }]);
    return result.issues ? refuse(context, result.issues) : result.value;
  });
  return checked as unknown as z.ZodType<Output, Input>;
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
}

type Issues = Extract<StandardResult<unknown>, { issues: readonly unknown[] }>['issues'];

function refuse(context: z.RefinementCtx, issues: Issues): never {
  for (const { message, path = [] } of issues) {
    const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
    context.addIssue({ code: 'custom', message, path: keys, input: valueAt(context.value, keys) });
  }
  return z.NEVER;
}
