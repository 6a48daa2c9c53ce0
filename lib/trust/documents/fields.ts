import * as v from 'valibot';
import { parseRegistryHost } from '../../image-policy/parse-registry-host.ts';
import { parseScope } from '../../image-policy/parse-scope.ts';
import { parsedField } from '../../json/parsed-field.ts';
import { parseRepository } from '../../pullspec/reference.ts';

export const repositoryField = parsedField(v.string(), parseRepository);
export const registryHostField = parsedField(v.string(), parseRegistryHost);
/** A host, namespace, repository or `*.` wildcard, kept as written. */
export const scopeField = parsedField(v.string(), (text) => {
  parseScope(text);
  return text;
});
/** Kubernetes metadata: a name and whatever else. */
export const metadataField = v.looseObject({ name: v.pipe(v.string(), v.minLength(1)) });
