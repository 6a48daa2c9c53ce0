import type { JsonObject } from '../../../base/documents/json-value.ts';
import { PolicyError } from '../policy-error.ts';
import type { KeySource, SigstoreSignedRequirement } from '../policy-requirement.ts';

/** A `sigstoreSigned` requirement as policy.json spells it; it parses to the same again. @throws PolicyError for what it cannot say */
export function toSigstoreSignedJson({ type, root, signedIdentity }: SigstoreSignedRequirement): JsonObject {
  switch (root.kind) {
    case 'keys':
      return {
        type,
        ...toMembers('key', root.keys),
        ...toRekor(root.rekorKeys),
        signedIdentity: { ...signedIdentity },
      };
    case 'fulcio': {
      const { ca, oidcIssuer, subjectEmail, rekorKeys } = root;
      const fulcio = { ...toMembers('ca', [ca]), oidcIssuer, subjectEmail };
      return { type, fulcio, ...toRekor(rekorKeys), signedIdentity: { ...signedIdentity } };
    }
    case 'pki': {
      const { caRoots, caIntermediates, subjectEmail, subjectHostname } = root;
      const pki = {
        ...toMembers('caRoots', [caRoots]),
        ...(caIntermediates === undefined ? {} : toMembers('caIntermediates', [caIntermediates])),
        ...(subjectEmail === undefined ? {} : { subjectEmail }),
        ...(subjectHostname === undefined ? {} : { subjectHostname }),
      };
      return { type, pki, signedIdentity: { ...signedIdentity } };
    }
    default:
      throw new PolicyError([], 'this kind of trust cannot be said in policy.json');
  }
}

function toRekor(keys: readonly KeySource[]): JsonObject {
  return keys.length === 0 ? {} : toMembers('rekorPublicKey', keys);
}

/** One member holds all sources: all files, or all data. */
function toMembers(prefix: string, sources: readonly KeySource[]): JsonObject {
  const paths = sources.flatMap((source) => (source.kind === 'path' ? [source.path] : []));
  const datas = sources.flatMap((source) =>
    source.kind === 'data' ? [Buffer.from(source.bytes).toString('base64')] : [],
  );
  if (paths.length > 0 && datas.length > 0)
    throw new PolicyError([], 'files and data in one list of keys cannot be said in policy.json');
  const [name, values] = paths.length > 0 ? ['Path', paths] : ['Data', datas];
  const [first] = values;
  if (first === undefined) throw new PolicyError([], 'an empty list of keys cannot be said in policy.json');
  return values.length === 1 ? { [`${prefix}${name}`]: first } : { [`${prefix}${name}s`]: values };
}
