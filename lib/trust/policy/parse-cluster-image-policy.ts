import {
  type DataRule,
  readData,
  readEmail,
  readHostname,
  readIdentityPrefix,
  readIssuer,
  readScope,
} from './cluster-image-policy-fields.ts';
import type { ClusterImagePolicy, ClusterImagePolicyVersion } from './cluster-image-policy.ts';
import {
  type JsonPath,
  type Members,
  PolicyError,
  readAnyMembers,
  readList,
  readMembers,
  readOptionalText,
  readRequiredText,
} from './policy-members.ts';
import type { SigstoreRoot } from './policy-requirement.ts';
import type { SignedIdentity } from './signed-identity.ts';

/** Scopes of one policy, by the API. */
const MAX_POLICY_SCOPES = 256;

const GROUP = 'config.openshift.io';
const KINDS = ['ClusterImagePolicy', 'ImagePolicy'] as const;
const VERSIONS = ['v1', 'v1alpha1'] as const;
/** The member of `rootOfTrust` that each policy type has, and no other. */
const ROOT_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['PublicKey', 'publicKey'],
  ['FulcioCAWithRekor', 'fulcioCAWithRekor'],
  ['PKI', 'pki'],
]);

const MATCH_POLICIES: ReadonlySet<string> = new Set([
  'MatchRepoDigestOrExact',
  'MatchRepository',
  'ExactRepository',
  'RemapIdentity',
]);

const KEY: DataRule = { label: 'PUBLIC KEY', markers: 'v1', hasMinimum: true };
const REKOR_KEY: DataRule = { label: 'PUBLIC KEY', markers: 'v1', hasMinimum: false };
const FULCIO_CA: DataRule = { label: 'CERTIFICATE', markers: 'v1', hasMinimum: false };
const PKI_CA: DataRule = { label: 'CERTIFICATE', markers: 'always', hasMinimum: true };

/**
 * Reads a ClusterImagePolicy or ImagePolicy, within the API's own limits, from content whose reader refuses duplicate
 * members. Its status is ignored. Keys and certificates are not parsed.
 *
 * @throws PolicyError at the first rule that it breaks
 */
export function parseClusterImagePolicy(content: unknown): ClusterImagePolicy {
  const document = readMembers(content, [], ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
  const kind = pick(KINDS, readRequiredText(document, 'kind'), ['kind']);
  const apiVersion = readRequiredText(document, 'apiVersion');
  const [group, name = ''] = apiVersion.split('/');
  if (group !== GROUP) throw new PolicyError(['apiVersion'], `expected ${GROUP}/v1 or ${GROUP}/v1alpha1`);
  const version = pick(VERSIONS, name, ['apiVersion']);
  const metadata = readAnyMembers(document.values.get('metadata'), ['metadata']);
  const spec = readMembers(document.values.get('spec'), ['spec'], ['scopes', 'policy']);
  return {
    kind,
    version,
    name: readRequiredText(metadata, 'name'),
    namespace: kind === 'ImagePolicy' ? readOptionalText(metadata, 'namespace') : undefined,
    scopes: readScopes(spec),
    requirement: readRequirement(spec.values.get('policy'), ['spec', 'policy'], version),
  };
}

/** What this version does not know makes the requirement one that is never met; the scopes stay covered by it. */
function readRequirement(
  content: unknown,
  path: JsonPath,
  version: ClusterImagePolicyVersion,
): ClusterImagePolicy['requirement'] {
  try {
    const policy = readMembers(content, path, ['rootOfTrust', 'signedIdentity']);
    const root = readRoot(policy.values.get('rootOfTrust'), [...path, 'rootOfTrust'], version);
    return { type: 'sigstoreSigned', root, signedIdentity: readIdentity(policy) };
  } catch (error) {
    if (!(error instanceof PolicyError) || error.kind !== 'unsupported') throw error;
    return { type: 'unsupported', fault: error.message };
  }
}

function readScopes({ path: parent, values }: Members): readonly string[] {
  const path = [...parent, 'scopes'];
  const scopes = readList(values.get('scopes'), path, readScope);
  if (scopes.length > MAX_POLICY_SCOPES) throw new PolicyError(path, `at most ${MAX_POLICY_SCOPES} scopes`);
  const second = scopes.findIndex((scope, index) => scopes.indexOf(scope) !== index);
  if (second >= 0) throw new PolicyError([...path, second], 'the scope occurs twice');
  return scopes;
}

function readRoot(content: unknown, path: JsonPath, version: ClusterImagePolicyVersion): SigstoreRoot {
  const policyType = readRequiredText(readAnyMembers(content, path), 'policyType');
  const member = ROOT_MEMBERS.get(policyType);
  if (member === undefined) throw unknown([...path, 'policyType'], policyType);
  const root = readMembers(content, path, ['policyType', ...ROOT_MEMBERS.values()]);
  const foreign = [...root.values.keys()].find((name) => name !== 'policyType' && name !== member);
  if (foreign !== undefined) throw new PolicyError([...path, foreign], `forbidden for the policyType ${policyType}`);
  const memberPath = [...path, member];
  const value = root.values.get(member);
  switch (policyType) {
    case 'PublicKey':
      return readPublicKey(readMembers(value, memberPath, ['keyData', 'rekorKeyData']), version);
    case 'FulcioCAWithRekor':
      return readFulcio(readMembers(value, memberPath, ['fulcioCAData', 'rekorKeyData', 'fulcioSubject']), version);
    case 'PKI': {
      const known = ['caRootsData', 'caIntermediatesData', 'pkiCertificateSubject'];
      return readPki(readMembers(value, memberPath, known), version);
    }
    default:
      throw unknown([...path, 'policyType'], policyType);
  }
}

function readPublicKey(members: Members, version: ClusterImagePolicyVersion): SigstoreRoot {
  const keys = [readData(members, 'keyData', KEY, version)];
  const isLogged = members.values.has('rekorKeyData');
  return { kind: 'keys', keys, rekorKeys: isLogged ? [readData(members, 'rekorKeyData', REKOR_KEY, version)] : [] };
}

function readFulcio(members: Members, version: ClusterImagePolicyVersion): SigstoreRoot {
  const path = [...members.path, 'fulcioSubject'];
  const subject = readMembers(members.values.get('fulcioSubject'), path, ['oidcIssuer', 'signedEmail']);
  return {
    kind: 'fulcio',
    ca: readData(members, 'fulcioCAData', FULCIO_CA, version),
    oidcIssuer: readIssuer(subject, version),
    subjectEmail: readEmail(subject, 'signedEmail'),
    rekorKeys: [readData(members, 'rekorKeyData', REKOR_KEY, version)],
  };
}

function readPki(members: Members, version: ClusterImagePolicyVersion): SigstoreRoot {
  const path = [...members.path, 'pkiCertificateSubject'];
  const subject = readMembers(members.values.get('pkiCertificateSubject'), path, ['email', 'hostname']);
  const { values } = subject;
  if (values.size === 0) throw new PolicyError(path, 'at least one of email, hostname; found none');
  const hasIntermediates = members.values.has('caIntermediatesData');
  return {
    kind: 'pki',
    caRoots: readData(members, 'caRootsData', PKI_CA, version),
    caIntermediates: hasIntermediates ? readData(members, 'caIntermediatesData', PKI_CA, version) : undefined,
    subjectEmail: values.has('email') ? readEmail(subject, 'email') : undefined,
    subjectHostname: values.has('hostname') ? readHostname(subject, 'hostname') : undefined,
  };
}

function readIdentity({ path: parent, values }: Members): SignedIdentity {
  if (!values.has('signedIdentity')) return { type: 'matchRepoDigestOrExact' };
  const path = [...parent, 'signedIdentity'];
  const matchPolicy = readRequiredText(readAnyMembers(values.get('signedIdentity'), path), 'matchPolicy');
  if (!MATCH_POLICIES.has(matchPolicy)) throw unknown([...path, 'matchPolicy'], matchPolicy);
  const identity = readMembers(values.get('signedIdentity'), path, ['matchPolicy', 'exactRepository', 'remapIdentity']);
  const own = `${matchPolicy.slice(0, 1).toLowerCase()}${matchPolicy.slice(1)}`;
  const foreign = [...identity.values.keys()].find((name) => name !== 'matchPolicy' && name !== own);
  if (foreign !== undefined) throw new PolicyError([...path, foreign], `forbidden for the matchPolicy ${matchPolicy}`);
  switch (matchPolicy) {
    case 'MatchRepoDigestOrExact':
      return { type: 'matchRepoDigestOrExact' };
    case 'MatchRepository':
      return { type: 'matchRepository' };
    case 'ExactRepository': {
      const members = readMembers(identity.values.get(own), [...path, own], ['repository']);
      return { type: 'exactRepository', dockerRepository: readIdentityPrefix(members, 'repository') };
    }
    case 'RemapIdentity': {
      const members = readMembers(identity.values.get(own), [...path, own], ['prefix', 'signedPrefix']);
      const prefix = readIdentityPrefix(members, 'prefix');
      return { type: 'remapIdentity', prefix, signedPrefix: readIdentityPrefix(members, 'signedPrefix') };
    }
    default:
      throw unknown([...path, 'matchPolicy'], matchPolicy);
  }
}

/** A value of an enumeration that a later API may have. */
function unknown(path: JsonPath, value: string): PolicyError {
  return new PolicyError(path, `${JSON.stringify(value.slice(0, 80))} is not known`, 'unsupported');
}

function pick<T extends string>(known: readonly T[], text: string, path: JsonPath): T {
  const found = known.find((name) => name === text);
  if (found === undefined) throw new PolicyError(path, `expected ${known.join(' or ')}`);
  return found;
}
