import * as v from 'valibot';
import { InputError } from '../../errors/input-error.ts';
import { parseRegistryHost } from '../../image-policy/parse-registry-host.ts';
import { parseScope } from '../../image-policy/parse-scope.ts';
import { parseRepository } from '../../pullspec/reference.ts';

/** A field whose text a parser converts; what the parser refuses becomes a fault of the field. */
function parsed<T>(parse: (text: string) => T) {
  return v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): T => {
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

export const repositoryField = parsed(parseRepository);
export const registryHostField = parsed(parseRegistryHost);
/** A host, namespace, repository or `*.` wildcard, kept as written. */
export const scopeField = parsed((text) => {
  parseScope(text);
  return text;
});
/** Kubernetes metadata: a name and whatever else. */
export const metadataField = v.looseObject({ name: v.pipe(v.string(), v.minLength(1)) });
