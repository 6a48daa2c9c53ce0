import { InputError } from '../../../base/errors/input-error.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import { type KeySource, listRootSources, type PolicyRequirement } from '../../../trust/policy/policy-requirement.ts';

/** The files that a policy names for keys and certificates, each once, sorted. */
export function listKeyPaths(policy: ImagePolicy): readonly string[] {
  const paths = listRequirements(policy).flatMap(toKeySources).flatMap(toPath);
  return [...new Set(paths)].toSorted();
}

/** The requirements of the default and of every scope. */
export function listRequirements(policy: ImagePolicy): readonly PolicyRequirement[] {
  return [policy.default, ...[...policy.transports.values()].flatMap((scopes) => [...scopes.values()])].flat();
}

/**
 * Holds the keys that were given against those that the policy names.
 *
 * @param onNode paths that nodes hold already, such as a key of the operating system
 * @throws InputError `ArgumentInvalid` that names every path that is missing, or given although no requirement uses it
 */
export function checkKeys(needed: readonly string[], given: readonly string[], onNode: readonly string[]): void {
  const missing = needed.filter((path) => !given.includes(path) && !onNode.includes(path));
  if (missing.length > 0) {
    const reason = 'nodes could not verify anything by it: give it with --key PATH=FILE or --root DIR';
    throw invalid(`the policy names ${missing.join(', ')}, which is not given; ${reason}, or say --key-on-node PATH`);
  }
  const unused = [...given, ...onNode].filter((path) => !needed.includes(path));
  if (unused.length > 0) throw invalid(`the policy does not name the key ${unused.join(', ')}`);
  const both = given.find((path) => onNode.includes(path));
  if (both !== undefined) throw invalid(`the key ${both} is given, and said to be on the nodes`);
}

function toKeySources(requirement: PolicyRequirement): readonly KeySource[] {
  switch (requirement.type) {
    case 'signedBy':
      return requirement.keys;
    case 'sigstoreSigned':
      return listRootSources(requirement.root);
    case 'insecureAcceptAnything':
    case 'reject':
    case 'signedBaseLayer':
      return [];
    default:
      throw new TypeError(`unknown requirement ${JSON.stringify(requirement satisfies never)}`);
  }
}

function toPath(source: KeySource): readonly string[] {
  return source.kind === 'path' ? [source.path] : [];
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
