import {
  type JsonPath,
  type Members,
  PolicyError,
  readAnyMembers,
  readList,
  readMembers,
  readOptionalText,
  readRequiredText,
  readText,
  selectField,
  selectRequiredField,
} from './policy-members.ts';
import type { KeySource, PolicyRequirement, SignedByRequirement, SigstoreRoot } from './policy-requirement.ts';
import { parseSignedIdentity, type SignedIdentity } from './signed-identity.ts';

const KEY_FIELDS = ['keyPath', 'keyPaths', 'keyData'];
const KEY_TYPES = ['GPGKeys', 'signedByGPGKeys', 'X509Certificates', 'signedByX509CAs'] as const;
const DEFAULT_IDENTITY: SignedIdentity = { type: 'matchRepoDigestOrExact' };

/** One requirement at a path. @throws PolicyError */
export function parsePolicyRequirement(content: unknown, path: JsonPath): PolicyRequirement {
  const type = readRequiredText(readAnyMembers(content, path), 'type');
  switch (type) {
    case 'insecureAcceptAnything':
    case 'reject':
      readMembers(content, path, ['type']);
      return { type };
    case 'signedBy':
      return parseSignedBy(readMembers(content, path, ['type', 'keyType', ...KEY_FIELDS, 'signedIdentity']));
    case 'sigstoreSigned': {
      const members = readMembers(content, path, ['type', ...SIGSTORE_ROOT_FIELDS, 'signedIdentity']);
      return { type, root: parseSigstoreRoot(members), signedIdentity: parseIdentityOrDefault(members) };
    }
    case 'signedBaseLayer': {
      const { values } = readMembers(content, path, ['type', 'baseLayerIdentity']);
      if (!values.has('baseLayerIdentity')) throw new PolicyError(path, 'the field baseLayerIdentity is missing');
      const identityPath = [...path, 'baseLayerIdentity'];
      return { type, baseLayerIdentity: parseSignedIdentity(values.get('baseLayerIdentity'), identityPath) };
    }
    default:
      throw new PolicyError([...path, 'type'], `unknown requirement ${JSON.stringify(type.slice(0, 80))}`);
  }
}

function parseSignedBy(members: Members): SignedByRequirement {
  const text = readRequiredText(members, 'keyType');
  const keyType = KEY_TYPES.find((known) => known === text);
  if (keyType === undefined) {
    throw new PolicyError([...members.path, 'keyType'], `expected one of ${KEY_TYPES.join(', ')}`);
  }
  const keys = readKeySources(members, selectRequiredField(members, KEY_FIELDS));
  return { type: 'signedBy', keyType, keys, signedIdentity: parseIdentityOrDefault(members) };
}

function parseIdentityOrDefault({ path, values }: Members): SignedIdentity {
  if (!values.has('signedIdentity')) return DEFAULT_IDENTITY;
  return parseSignedIdentity(values.get('signedIdentity'), [...path, 'signedIdentity']);
}

const SIGSTORE_KEY_FIELDS = ['keyPath', 'keyPaths', 'keyData', 'keyDatas'];
const REKOR_FIELDS = ['rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'rekorPublicKeyDatas'];
const FULCIO_FIELDS = ['caPath', 'caData', 'oidcIssuer', 'subjectEmail'];
const PKI_ROOTS = ['caRootsPath', 'caRootsData'];
const PKI_INTERMEDIATES = ['caIntermediatesPath', 'caIntermediatesData'];
const PKI_FIELDS = [...PKI_ROOTS, ...PKI_INTERMEDIATES, 'subjectEmail', 'subjectHostname'];

/** Fields of a `sigstoreSigned` requirement that hold its root of trust. */
const SIGSTORE_ROOT_FIELDS = [...SIGSTORE_KEY_FIELDS, 'fulcio', 'pki', ...REKOR_FIELDS];

/** Exactly one of keys, Fulcio and a private PKI; with Rekor's keys where they have a place. @throws PolicyError */
function parseSigstoreRoot(requirement: Members): SigstoreRoot {
  const root = selectRequiredField(requirement, [...SIGSTORE_KEY_FIELDS, 'fulcio', 'pki']);
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
  // A Fulcio certificate is valid for minutes: only the log proves when it was used.
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

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Key or certificate sources of a field whose name ends in `Path`, `Paths`, `Data` or `Datas`. @throws PolicyError */
function readKeySources({ path: parent, values }: Members, name: string): readonly KeySource[] {
  const value = values.get(name);
  const path = [...parent, name];
  if (name.endsWith('Path')) return [readPathSource(value, path)];
  if (name.endsWith('Paths')) return readList(value, path, readPathSource);
  if (name.endsWith('Data')) return [readDataSource(value, path)];
  if (name.endsWith('Datas')) return readList(value, path, readDataSource);
  throw new PolicyError(path, 'unknown field');
}

/** As {@link readKeySources} for a field that holds one source. @throws PolicyError */
function readKeySource({ path: parent, values }: Members, name: string): KeySource {
  const path = [...parent, name];
  return name.endsWith('Path') ? readPathSource(values.get(name), path) : readDataSource(values.get(name), path);
}

function readPathSource(value: unknown, path: JsonPath): KeySource {
  const text = readText(value, path);
  // File systems cut a path there or throw.
  if (text.includes('\0')) throw new PolicyError(path, 'a path has no NUL character');
  return { kind: 'path', path: text };
}

/** Base64 with padding, which may be wrapped, as Go's decoder has it. */
function readDataSource(value: unknown, path: JsonPath): KeySource {
  const text = readText(value, path).replace(/[\r\n]/g, '');
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new PolicyError(path, 'expected base64 with padding');
  return { kind: 'data', bytes: Buffer.from(text, 'base64') };
}
