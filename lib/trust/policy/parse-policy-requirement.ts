import {
  type JsonPath,
  type Members,
  PolicyError,
  readAnyList,
  readAnyMembers,
  readGoText,
  readMembers,
  readRequiredText,
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
  return {
    type: 'signedBy',
    keyType,
    keys: readOnlyField(members, KEY_FIELDS),
    signedIdentity: parseIdentityOrDefault(members),
  };
}

function parseIdentityOrDefault({ path, values }: Members): SignedIdentity {
  if (!values.has('signedIdentity')) return DEFAULT_IDENTITY;
  return parseSignedIdentity(values.get('signedIdentity'), [...path, 'signedIdentity']);
}

const SIGSTORE_KEY_FIELDS = ['keyPath', 'keyPaths', 'keyData', 'keyDatas'];
const REKOR_FIELDS = ['rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'rekorPublicKeyDatas'];
const FULCIO_CA = ['caPath', 'caData'];
const FULCIO_FIELDS = [...FULCIO_CA, 'oidcIssuer', 'subjectEmail'];
const PKI_ROOTS = ['caRootsPath', 'caRootsData'];
const PKI_INTERMEDIATES = ['caIntermediatesPath', 'caIntermediatesData'];
const PKI_FIELDS = [...PKI_ROOTS, ...PKI_INTERMEDIATES, 'subjectEmail', 'subjectHostname'];

/** Fields of a `sigstoreSigned` requirement that hold its root of trust. */
const SIGSTORE_ROOT_FIELDS = [...SIGSTORE_KEY_FIELDS, 'fulcio', 'pki', ...REKOR_FIELDS];

/** Exactly one of keys, Fulcio and a private PKI; with Rekor's keys where they have a place. @throws PolicyError */
function parseSigstoreRoot(requirement: Members): SigstoreRoot {
  const { path, values } = requirement;
  const keys = selectSources(requirement, SIGSTORE_KEY_FIELDS, ['fulcio', 'pki']);
  const rekor = selectSources(requirement, REKOR_FIELDS);
  const rekorKeys = rekor?.sources ?? [];
  if (keys !== undefined) return { kind: 'keys', keys: keys.sources, rekorKeys };
  if (values.has('fulcio')) return parseFulcio(requirement, rekorKeys);
  if (!values.has('pki')) {
    throw new PolicyError(path, `exactly one of ${[...SIGSTORE_KEY_FIELDS, 'fulcio', 'pki'].join(', ')}; found none`);
  }
  if (rekor !== undefined) throw new PolicyError([...path, rekor.name], 'pki and a Rekor key exclude each other');
  return parsePki(requirement);
}

function parseFulcio({ path, values }: Members, rekorKeys: readonly KeySource[]): SigstoreRoot {
  const fulcio = readMembers(values.get('fulcio'), [...path, 'fulcio'], FULCIO_FIELDS);
  const ca = requireSource(fulcio, FULCIO_CA);
  const oidcIssuer = readRequiredText(fulcio, 'oidcIssuer');
  const subjectEmail = readRequiredText(fulcio, 'subjectEmail');
  // A Fulcio certificate is valid for minutes: only the log proves when it was used.
  if (rekorKeys.length === 0) throw new PolicyError(path, `fulcio needs exactly one of ${REKOR_FIELDS.join(', ')}`);
  return { kind: 'fulcio', ca, oidcIssuer, subjectEmail, rekorKeys };
}

function parsePki({ path, values }: Members): SigstoreRoot {
  const pki = readMembers(values.get('pki'), [...path, 'pki'], PKI_FIELDS);
  const caRoots = requireSource(pki, PKI_ROOTS);
  const caIntermediates = selectSources(pki, PKI_INTERMEDIATES)?.sources[0];
  const subjectEmail = readName(pki, 'subjectEmail');
  const subjectHostname = readName(pki, 'subjectHostname');
  if (subjectEmail === undefined && subjectHostname === undefined) {
    throw new PolicyError(pki.path, 'at least one of subjectEmail, subjectHostname; found none');
  }
  return { kind: 'pki', caRoots, caIntermediates, subjectEmail, subjectHostname };
}

/** The one source of some fields that hold one each. @throws PolicyError */
function requireSource(members: Members, names: readonly string[]): KeySource {
  const source = selectSources(members, names)?.sources[0];
  if (source === undefined) throw new PolicyError(members.path, `exactly one of ${names.join(', ')}; found none`);
  return source;
}

/** An empty name is as left out. @throws PolicyError */
function readName({ path, values }: Members, name: string): string | undefined {
  const text = values.has(name) ? readGoText(values.get(name), [...path, name]) : '';
  return text === '' ? undefined : text;
}

/**
 * The sources of a requirement that has exactly one of some fields, whatever it holds. An empty list and empty data are
 * sources that no signature satisfies, as to containers/image. @throws PolicyError
 */
function readOnlyField(members: Members, names: readonly string[]): readonly KeySource[] {
  const { path, values } = members;
  const present = names.filter((name) => values.has(name));
  const [name, ...others] = present;
  if (name === undefined) throw new PolicyError(path, `exactly one of ${names.join(', ')}; found none`);
  if (others.length > 0) {
    throw new PolicyError(path, `at most one of ${names.join(', ')}; found ${present.join(' and ')}`);
  }
  const sources = readField(members, name);
  if (sources === undefined) throw new PolicyError([...path, name], 'it must not be empty');
  return sources;
}

/** A field that names keys or certificates, with what it names. */
interface NamedSources {
  readonly name: string;
  readonly sources: readonly KeySource[];
}

/**
 * The one of some fields that names something, if any: an empty path and data that are null are as left out, as to
 * containers/image. A list must not be empty. @throws PolicyError for a second one: they contradict each other
 */
function selectSources(
  members: Members,
  names: readonly string[],
  others: readonly string[] = [],
): NamedSources | undefined {
  const { path, values } = members;
  const given = names.filter((name) => values.has(name)).flatMap((name) => readNamed(members, name));
  const found = [...given.map(({ name }) => name), ...others.filter((name) => values.has(name))];
  if (found.length > 1) {
    throw new PolicyError(path, `at most one of ${[...names, ...others].join(', ')}; found ${found.join(' and ')}`);
  }
  return given[0];
}

function readNamed(members: Members, name: string): readonly NamedSources[] {
  const sources = readField(members, name);
  const isList = name.endsWith('s');
  if (isList && (sources === undefined || sources.length === 0)) {
    throw new PolicyError([...members.path, name], 'the list must not be empty');
  }
  return sources === undefined ? [] : [{ name, sources }];
}

/** Of a field whose name ends in `Path`, `Paths`, `Data` or `Datas`; undefined where it is as left out. */
function readField({ path: parent, values }: Members, name: string): readonly KeySource[] | undefined {
  const value = values.get(name);
  const path = [...parent, name];
  if (name.endsWith('Path')) {
    const source = readPath(value, path);
    return source.path === '' ? undefined : [source];
  }
  if (value === null) return undefined;
  if (name.endsWith('Paths')) return readAnyList(value, path, readPath);
  if (name.endsWith('Data')) return [readData(value, path)];
  if (name.endsWith('Datas')) return readAnyList(value, path, readData);
  throw new PolicyError(path, 'unknown field');
}

function readPath(value: unknown, path: JsonPath): Extract<KeySource, { kind: 'path' }> {
  return { kind: 'path', path: readGoText(value, path) };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Base64 with padding, which may be wrapped, as Go's decoder has it. It takes a list of octets as well: the empty one here. */
function readData(value: unknown, path: JsonPath): KeySource {
  if (Array.isArray(value) && value.length === 0) return { kind: 'data', bytes: Buffer.alloc(0) };
  const text = readGoText(value, path).replace(/[\r\n]/g, '');
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new PolicyError(path, 'expected base64 with padding');
  return { kind: 'data', bytes: Buffer.from(text, 'base64') };
}
