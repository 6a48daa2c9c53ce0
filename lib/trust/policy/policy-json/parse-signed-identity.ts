import { InputError } from '../../../base/errors/input-error.ts';
import { isDockerHost, isDockerPath, isNameOnly, parseDockerReference } from '../../../base/names/docker-reference.ts';
import { requireCanonicalScopeAt } from '../find-scope-fault.ts';
import { type JsonPath, PolicyError } from '../policy-error.ts';
import type { SignedIdentity } from '../signed-identity.ts';
import { readAnyMembers, readMembers, readRequiredText } from './read-members.ts';

/** A `signedIdentity` or `baseLayerIdentity` at a path. @throws PolicyError */
export function parseSignedIdentity(content: unknown, path: JsonPath): SignedIdentity {
  const type = readRequiredText(readAnyMembers(content, path), 'type');
  switch (type) {
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      readMembers(content, path, ['type']);
      return { type };
    case 'exactReference':
      return { type, dockerReference: readExactReference(content, path) };
    case 'exactRepository':
      return { type, dockerRepository: readExactRepository(content, path) };
    case 'remapIdentity':
      return {
        type,
        prefix: readPrefix(content, path, 'prefix'),
        signedPrefix: readPrefix(content, path, 'signedPrefix'),
      };
    default:
      throw new PolicyError([...path, 'type'], `unknown identity ${JSON.stringify(type.slice(0, 80))}`);
  }
}

function readExactReference(content: unknown, path: JsonPath): string {
  const text = readRequiredText(readMembers(content, path, ['type', 'dockerReference']), 'dockerReference');
  if (isNameOnly(readReference(text, [...path, 'dockerReference']))) {
    throw new PolicyError([...path, 'dockerReference'], 'the reference needs a tag or a digest');
  }
  return text;
}

/** A tag or digest may stand in it, and does not count. */
function readExactRepository(content: unknown, path: JsonPath): string {
  const text = readRequiredText(readMembers(content, path, ['type', 'dockerRepository']), 'dockerRepository');
  readReference(text, [...path, 'dockerRepository']);
  return text;
}

function readReference(text: string, path: JsonPath) {
  try {
    const reference = parseDockerReference(text);
    // Without a slash there is no host: what follows a colon is a tag.
    if (text.includes('/')) requireCanonicalScopeAt(path, text);
    return reference;
  } catch (error) {
    if (error instanceof InputError) throw new PolicyError(path, error.message);
    throw error;
  }
}

function readPrefix(content: unknown, path: JsonPath, name: 'prefix' | 'signedPrefix'): string {
  const text = readRequiredText(readMembers(content, path, ['type', 'prefix', 'signedPrefix']), name);
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  requireCanonicalScopeAt([...path, name], text);
  if (isDockerHost(host) && (slash < 0 || isDockerPath(text.slice(slash + 1)))) return text;
  throw new PolicyError(
    [...path, name],
    'expected a host, or a namespace or repository in full, without tag and digest',
  );
}
