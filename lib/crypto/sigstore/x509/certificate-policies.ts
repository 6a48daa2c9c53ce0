import { DerError, DerTag, expectDer, readDer, readDerValues, toDottedOid, toSmallInteger } from './der.ts';

/** What a certificate says of certificate policies (RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14). */
export interface CertificatePolicies {
  readonly policies: readonly string[];
  readonly mappings: readonly { readonly issuer: string; readonly subject: string }[];
  /** Certificates that may follow until one of them has to have a policy; undefined: any number. */
  readonly explicitAfter: number | undefined;
  readonly noMappingAfter: number | undefined;
  readonly noAnyPolicyAfter: number | undefined;
}

/** The values of the extensions; undefined for one that is not there. */
interface PolicyExtensions {
  readonly policies: Buffer | undefined;
  readonly mappings: Buffer | undefined;
  readonly constraints: Buffer | undefined;
  readonly inhibitAnyPolicy: Buffer | undefined;
}

const ANY_POLICY = '2.5.29.32.0';
const EXPLICIT_TAG = 0x80;
const NO_MAPPING_TAG = 0x81;

/** @throws DerError */
export function parseCertificatePolicies(values: PolicyExtensions): CertificatePolicies {
  const { mappings, inhibitAnyPolicy } = values;
  const [explicitAfter, noMappingAfter] = parseConstraints(values.constraints);
  return {
    policies: parsePolicies(values.policies),
    mappings: mappings === undefined ? [] : readDerValues(readSequence(mappings)).map(parseMapping),
    explicitAfter,
    noMappingAfter,
    noAnyPolicyAfter: inhibitAnyPolicy && toSmallInteger(expectDer(readDer(inhibitAnyPolicy), DerTag.integer)),
  };
}

function parsePolicies(value: Buffer | undefined): readonly string[] {
  if (value === undefined) return [];
  const policies = readDerValues(readSequence(value)).map((information) => {
    const [identifier] = readDerValues(expectDer(information, DerTag.sequence));
    return toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
  });
  if (new Set(policies).size < policies.length) throw new DerError('a certificate policy is there twice');
  return policies;
}

function parseMapping(mapping: Parameters<typeof expectDer>[0]): CertificatePolicies['mappings'][number] {
  const [issuer, subject, ...more] = readDerValues(expectDer(mapping, DerTag.sequence));
  if (more.length > 0) throw new DerError('a mapping of policies has a third part');
  return {
    issuer: toDottedOid(expectDer(issuer, DerTag.objectIdentifier)),
    subject: toDottedOid(expectDer(subject, DerTag.objectIdentifier)),
  };
}

function parseConstraints(value: Buffer | undefined): readonly (number | undefined)[] {
  if (value === undefined) return [];
  const parts = readDerValues(readSequence(value));
  const found = new Map(parts.map(({ tag, content }) => [tag, toSmallInteger(content)]));
  const isOrdered = parts.every(({ tag }, index) => index === 0 || tag > (parts[index - 1]?.tag ?? 0));
  if (!isOrdered || parts.some(({ tag }) => tag !== EXPLICIT_TAG && tag !== NO_MAPPING_TAG)) {
    throw new DerError('the constraints of policies are not readable');
  }
  return [found.get(EXPLICIT_TAG), found.get(NO_MAPPING_TAG)];
}

function readSequence(value: Buffer): Buffer {
  return expectDer(readDer(value), DerTag.sequence);
}

/** A certificate of a path, as far as policies are concerned. */
interface Governed {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly certificatePolicies: CertificatePolicies;
}

/**
 * The policies that hold for the certificates so far, and what each may be called further down; undefined when there is
 * none. RFC 9618 keeps a graph of them: whether any policy holds depends on its last level alone.
 */
type ValidPolicies = ReadonlyMap<string, readonly string[]> | undefined;

/**
 * Whether a path is valid under a policy, where one of its authorities requires that (RFC 5280 section 6.1 with RFC
 * 9618). No policy is asked for from outside, as containers/image asks for none.
 *
 * @param path the leaf first, the trusted certificate last; what that one says of policies is not read
 */
export function isUnderPolicy(path: readonly Governed[]): boolean {
  const below = path.slice(0, -1);
  let valid: ValidPolicies = new Map([[ANY_POLICY, [ANY_POLICY]]]);
  const start = path.length;
  let [explicitAfter, noMappingAfter, noAnyPolicyAfter] = [start, start, start];
  for (const [index, { issuer, subject, certificatePolicies: own }] of [...below.entries()].toReversed()) {
    const isLeaf = index === 0;
    const isSelfIssued = issuer.equals(subject);
    if (own.policies.length === 0) valid = undefined;
    if (explicitAfter === 0 && valid === undefined) return false;
    if (valid !== undefined) {
      const isAnyUnderstood = noAnyPolicyAfter > 0 || (!isLeaf && isSelfIssued);
      const held: Map<string, readonly string[]> = holdPolicies(valid, own.policies, isAnyUnderstood);
      if (!isLeaf && !applyMappings(held, own.mappings, noMappingAfter > 0)) return false;
      valid = held;
    }
    if (isLeaf) {
      if (explicitAfter > 0) explicitAfter--;
      if (own.explicitAfter === 0) explicitAfter = 0;
      continue;
    }
    const step = isSelfIssued ? 0 : 1;
    explicitAfter = Math.min(Math.max(0, explicitAfter - step), own.explicitAfter ?? start);
    noMappingAfter = Math.min(Math.max(0, noMappingAfter - step), own.noMappingAfter ?? start);
    noAnyPolicyAfter = Math.min(Math.max(0, noAnyPolicyAfter - step), own.noAnyPolicyAfter ?? start);
  }
  return explicitAfter > 0 || (valid !== undefined && valid.size > 0);
}

/** Which of a certificate's policies hold, given those that its issuer may pass on. */
function holdPolicies(
  valid: NonNullable<ValidPolicies>,
  policies: readonly string[],
  isAnyUnderstood: boolean,
): Map<string, readonly string[]> {
  const expected = new Set([...valid.values()].flat());
  const mayBeAny = valid.has(ANY_POLICY);
  const held = policies.filter((policy) => policy !== ANY_POLICY && (mayBeAny || expected.has(policy)));
  if (isAnyUnderstood && policies.includes(ANY_POLICY)) held.push(...expected);
  return new Map(held.map((policy) => [policy, [policy]]));
}

/** False for a mapping from or to any policy, which is invalid. */
function applyMappings(
  held: Map<string, readonly string[]>,
  mappings: CertificatePolicies['mappings'],
  isAllowed: boolean,
): boolean {
  if (!isAllowed) {
    for (const { issuer } of mappings) held.delete(issuer);
    return true;
  }
  if (mappings.some(({ issuer, subject }) => issuer === ANY_POLICY || subject === ANY_POLICY)) return false;
  for (const [issuer, subjects] of Map.groupBy(mappings, (mapping) => mapping.issuer)) {
    if (held.has(issuer) || held.has(ANY_POLICY))
      held.set(
        issuer,
        subjects.map(({ subject }) => subject),
      );
  }
  return true;
}
