import * as v from 'valibot';
import { parsedField } from '../../base/documents/schema.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';
import { parseScope, requireCanonicalScope } from '../../base/names/scope.ts';

export const repositoryField = parsedField(v.string(), parseRepository);
export const registryHostField = parsedField(v.string(), parseRegistryHost);
/** A host, namespace, repository or `*.` wildcard, kept as written. */
export const scopeField = parsedField(v.string(), (text) => {
  parseScope(text);
  return text;
});
/** The same where nodes compare it with the names that they pull: in canonical spelling alone. */
export const comparedScopeField = parsedField(v.string(), (text) => {
  requireCanonicalScope(text);
  parseScope(text);
  return text;
});
/** Kubernetes metadata: a name and whatever else. */
export const metadataField = v.looseObject({ name: v.pipe(v.string(), v.minLength(1)) });
