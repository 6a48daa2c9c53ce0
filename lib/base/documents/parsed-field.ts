import * as v from 'valibot';
import { InputError } from '../errors/input-error.ts';

/** A member that a parser converts; what it refuses becomes a fault of the member. */
export function parsedField<From, To>(from: v.GenericSchema<unknown, From>, parse: (value: From) => To) {
  return v.pipe(
    from,
    v.rawTransform<From, To>(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
}
