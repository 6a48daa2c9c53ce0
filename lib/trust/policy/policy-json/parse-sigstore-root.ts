import { PolicyError } from '../policy-error.ts';
import type { KeySource, SigstoreRoot } from '../policy-requirement.ts';
import { readKeySource, readKeySources } from './read-key-sources.ts';
import {
  type Members,
  readMembers,
  readOptionalText,
  readRequiredText,
  selectField,
  selectRequiredField,
} from './read-members.ts';

const KEY_FIELDS = ['keyPath', 'keyPaths', 'keyData', 'keyDatas'];
const REKOR_FIELDS = ['rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'rekorPublicKeyDatas'];
const FULCIO_FIELDS = ['caPath', 'caData', 'oidcIssuer', 'subjectEmail'];
const PKI_ROOTS = ['caRootsPath', 'caRootsData'];
const PKI_INTERMEDIATES = ['caIntermediatesPath', 'caIntermediatesData'];
const PKI_FIELDS = [...PKI_ROOTS, ...PKI_INTERMEDIATES, 'subjectEmail', 'subjectHostname'];

/** Fields of a `sigstoreSigned` requirement that say what vouches for its signatures. */
export const SIGSTORE_ROOT_FIELDS = [...KEY_FIELDS, 'fulcio', 'pki', ...REKOR_FIELDS];

/** Exactly one of keys, Fulcio and a private PKI; with Rekor's keys where they have a place. @throws PolicyError */
export function parseSigstoreRoot(requirement: Members): SigstoreRoot {
  const root = selectRequiredField(requirement, [...KEY_FIELDS, 'fulcio', 'pki']);
  const rekor = selectField(requirement, REKOR_FIELDS);
  const rekorKeys = rekor === undefined ? [] : readKeySources(requirement, rekor);
  if (root === 'fulcio') return parseFulcio(requirement, rekorKeys);
  if (root !== 'pki') return { kind: 'keys', keys: readKeySources(requirement, root), rekorKeys };
  if (rekor !== undefined)
    throw new PolicyError([...requirement.path, rekor], 'pki and a Rekor key exclude each other');
  return parsePki(requirement);
}

function parseFulcio({ path, values }: Members, rekorKeys: readonly KeySource[]): SigstoreRoot {
  const fulcio = readMembers(values.get('fulcio'), [...path, 'fulcio'], FULCIO_FIELDS);
  const ca = readKeySource(fulcio, selectRequiredField(fulcio, ['caPath', 'caData']));
  const oidcIssuer = readRequiredText(fulcio, 'oidcIssuer');
  const subjectEmail = readRequiredText(fulcio, 'subjectEmail');
  // A certificate of Fulcio lives for minutes: without the log nobody knows when it was used.
  if (rekorKeys.length === 0) throw new PolicyError(path, `fulcio needs exactly one of ${REKOR_FIELDS.join(', ')}`);
  return { kind: 'fulcio', ca, oidcIssuer, subjectEmail, rekorKeys };
}

function parsePki({ path, values }: Members): SigstoreRoot {
  const pki = readMembers(values.get('pki'), [...path, 'pki'], PKI_FIELDS);
  const caRoots = readKeySource(pki, selectRequiredField(pki, PKI_ROOTS));
  const intermediates = selectField(pki, PKI_INTERMEDIATES);
  const subjectEmail = readOptionalText(pki, 'subjectEmail');
  const subjectHostname = readOptionalText(pki, 'subjectHostname');
  if (subjectEmail === undefined && subjectHostname === undefined) {
    throw new PolicyError(pki.path, 'at least one of subjectEmail, subjectHostname; found none');
  }
  const caIntermediates = intermediates === undefined ? undefined : readKeySource(pki, intermediates);
  return { kind: 'pki', caRoots, caIntermediates, subjectEmail, subjectHostname };
}
