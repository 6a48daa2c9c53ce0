import { findScopeFault, requireCanonicalScopeAt } from '../find-scope-fault.ts';
import type { ImagePolicy } from '../image-policy.ts';
import { type JsonPath, PolicyError } from '../policy-error.ts';
import type { PolicyRequirement } from '../policy-requirement.ts';
import { parsePolicyRequirement } from './parse-policy-requirement.ts';
import { readAnyMembers, readList, readMembers } from './read-members.ts';

type Scopes = ReadonlyMap<string, readonly PolicyRequirement[]>;

/**
 * A containers-policy.json(5) whose text was read already, by a reader that refuses duplicate members.
 * @throws PolicyError at the first rule that it breaks
 */
export function parsePolicyContent(content: unknown): ImagePolicy {
  const { values } = readMembers(content, [], ['default', 'transports']);
  if (!values.has('default')) throw new PolicyError([], 'the field default is missing');
  const transports = new Map<string, Scopes>();
  if (values.has('transports')) {
    const members = readAnyMembers(values.get('transports'), ['transports']);
    for (const [transport, scopes] of members.values) {
      transports.set(transport, parseScopes(transport, scopes, [...members.path, transport]));
    }
  }
  return { default: parseRequirements(values.get('default'), ['default']), transports };
}

function parseScopes(transport: string, content: unknown, path: JsonPath): Scopes {
  const scopes = new Map<string, readonly PolicyRequirement[]>();
  for (const [scope, requirements] of readAnyMembers(content, path).values) {
    const scopePath = [...path, scope];
    if (transport === 'docker') requireCanonicalScopeAt(scopePath, scope);
    const fault = findScopeFault(transport, scope);
    if (fault !== undefined) throw new PolicyError(scopePath, `not a scope of ${transport}: ${fault}`);
    scopes.set(scope, parseRequirements(requirements, scopePath));
  }
  return scopes;
}

function parseRequirements(content: unknown, path: JsonPath): readonly PolicyRequirement[] {
  // Nothing required is said by insecureAcceptAnything, never by an empty list.
  return readList(content, path, parsePolicyRequirement);
}
