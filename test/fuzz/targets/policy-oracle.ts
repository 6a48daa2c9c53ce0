import { createPublicKey, type KeyObject } from 'node:crypto';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import type { PolicySeeds } from '../seeds/read-seeds.ts';
import { KEY_PATHS } from './policy-texts.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * A second, short reading of containers-policy.json(5) for the one image of the seeds: may this policy accept it? It
 * knows no errors: what it does not understand may accept nothing.
 */
export function createPolicyOracle(seeds: PolicySeeds, digest: string): (policy: unknown) => Promise<boolean> {
  const { repository, signedReference, sigstoreKeys, openpgpKeys, fingerprint } = seeds;
  const signer = createPublicKey(sigstoreKeys.good);

  return async (policy) => {
    const requirements = findRequirements(toMembers(policy));
    for (const requirement of requirements) if (!(await mayMeet(toMembers(requirement)))) return false;
    return requirements.length > 0;
  };

  function findRequirements(policy: Members): readonly unknown[] {
    const scopes = toMembers(toMembers(policy['transports'])['docker']);
    const found = [...listScopes(), ''].find((scope) => Object.hasOwn(scopes, scope));
    return toList(found === undefined ? policy['default'] : scopes[found]);
  }

  function listScopes(): readonly string[] {
    const parts = repository.split('/');
    const names = parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
    const labels = (parts[0] ?? '').split('.').slice(1);
    return [`${repository}@${digest}`, ...names, ...labels.map((_, at) => `*.${labels.slice(at).join('.')}`)];
  }

  async function mayMeet(requirement: Members): Promise<boolean> {
    const identity = Object.hasOwn(requirement, 'signedIdentity')
      ? toMembers(requirement['signedIdentity'])
      : { type: 'matchRepoDigestOrExact' };
    switch (requirement['type']) {
      case 'insecureAcceptAnything':
        return true;
      case 'sigstoreSigned': {
        // A member that is null is as good as none, in Go.
        const isLogged = Object.entries(requirement).some(
          ([name, value]) => value !== null && /^(?:rekor|fulcio|pki)/i.test(name),
        );
        return (
          !isLogged &&
          listSources(requirement, KEY_PATHS.sigstore, sigstoreKeys.good).some(isSigner) &&
          acceptsName(identity)
        );
      }
      case 'signedBy': {
        const sources = listSources(requirement, KEY_PATHS.openpgp, Buffer.from(openpgpKeys.good, 'base64'));
        const held = await Promise.all(sources.map(holdsSigner));
        return requirement['keyType'] === 'GPGKeys' && held.includes(true) && acceptsName(identity);
      }
      default:
        return false;
    }
  }

  /** The bytes of each key; of a path those of the file that signed, or none. */
  function listSources(requirement: Members, goodPath: string, good: string | Uint8Array): readonly Uint8Array[] {
    const read = (path: unknown): Uint8Array => (path === goodPath ? Buffer.from(good) : Buffer.alloc(0));
    const decode = (data: unknown): Uint8Array => Buffer.from(String(data), 'base64');
    return [
      ...toList(requirement['keyPaths']).map(read),
      ...toList(requirement['keyDatas']).map(decode),
      ...(Object.hasOwn(requirement, 'keyPath') ? [read(requirement['keyPath'])] : []),
      ...(Object.hasOwn(requirement, 'keyData') ? [decode(requirement['keyData'])] : []),
    ];
  }

  function isSigner(pem: Uint8Array): boolean {
    const key = tryKey(pem);
    return key?.equals(signer) === true;
  }

  /** What key files are read to is the target `certificates`. */
  async function holdsSigner(file: Uint8Array): Promise<boolean> {
    const { keyring } = await prepareKeyring('oracle', file).catch(() => ({ keyring: { certificates: [] } }));
    return keyring.certificates.some((certificate) => certificate.fingerprint === fingerprint);
  }

  /** Of an image that was asked for by digest, signed for a tag. */
  function acceptsName(identity: Members): boolean {
    switch (identity['type']) {
      case 'matchRepoDigestOrExact':
      case 'matchRepository':
        return true;
      case 'exactReference':
        return identity['dockerReference'] === signedReference;
      case 'exactRepository':
        return stripTag(String(identity['dockerRepository'])) === repository;
      case 'remapIdentity': {
        const [prefix, signedPrefix] = [String(identity['prefix']), String(identity['signedPrefix'])];
        const isCovered = repository === prefix || repository.startsWith(`${prefix}/`);
        return (isCovered ? signedPrefix + repository.slice(prefix.length) : repository) === repository;
      }
      default:
        return false;
    }
  }
}

function stripTag(text: string): string {
  const [name = ''] = text.split('@');
  const colon = name.indexOf(':', name.lastIndexOf('/'));
  return colon < 0 ? name : name.slice(0, colon);
}

function tryKey(pem: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey(Buffer.from(pem));
  } catch {
    return undefined;
  }
}

function toMembers(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
