import { type JsonPath, PolicyError } from '../policy-error.ts';
import type { PolicyRequirement, SignedByRequirement } from '../policy-requirement.ts';
import type { SignedIdentity } from '../signed-identity.ts';
import { parseSignedIdentity } from './parse-signed-identity.ts';
import { parseSigstoreRoot, SIGSTORE_ROOT_FIELDS } from './parse-sigstore-root.ts';
import { readKeySources } from './read-key-sources.ts';
import { type Members, readAnyMembers, readMembers, readRequiredText, selectRequiredField } from './read-members.ts';

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
