import { hash } from 'node:crypto';
import { formatUnixTime } from '../../base/documents/unix-time.ts';
import type { PreparedTrust } from './prepared-trust.ts';

/** One thing in which two revisions of a profile's trust differ. */
export interface TrustChange {
  readonly what: 'document' | 'keyring' | 'key' | 'store' | 'repository' | 'policy' | 'setting';
  readonly change: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** Characters of a value; a longer one is told by its SHA-256. */
const MAX_VALUE = 300;
/** What is told apart by entries of its own; every other member is a setting, also one that a later version adds. */
const APART: ReadonlySet<string> = new Set([
  'schema',
  'profile',
  'revision',
  'documents',
  'keyrings',
  'stores',
  'canonicalRepositories',
  'signedRepositories',
  'imagePolicies',
  'warnings',
]);

type Fact = Pick<TrustChange, 'what' | 'name'> & { readonly value: string };

/** What changed from one revision to another: keys first, then what else decides, then the documents that say so. */
export function compareTrust(from: PreparedTrust, to: PreparedTrust): readonly TrustChange[] {
  const [before, after] = [index(listFacts(from)), index(listFacts(to))];
  const keys = new Set([...before.keys(), ...after.keys()]);
  const changes = [...keys].flatMap((key) => compare(before.get(key), after.get(key)));
  return changes.toSorted((one, other) => RANK[one.what] - RANK[other.what] || (one.name < other.name ? -1 : 1));
}

const RANK = { keyring: 0, key: 1, policy: 2, repository: 3, setting: 4, store: 5, document: 6 } as const;

function index(facts: readonly Fact[]): ReadonlyMap<string, Fact> {
  return new Map(facts.map((fact) => [`${fact.what}\0${fact.name}`, fact]));
}

function compare(before: Fact | undefined, after: Fact | undefined): readonly TrustChange[] {
  const one = before ?? after;
  if (one === undefined || before?.value === after?.value) return [];
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  const values = {
    ...(before === undefined ? {} : { before: before.value }),
    ...(after === undefined ? {} : { after: after.value }),
  };
  return [{ what: one.what, change, name: one.name, ...values }];
}

function listFacts(trust: PreparedTrust): readonly Fact[] {
  return [
    ...trust.documents.map(({ name, sha256 }): Fact => ({ what: 'document', name, value: sha256 })),
    ...trust.keyrings.map(({ name, certificates }): Fact => ({
      what: 'keyring',
      name,
      value: `${certificates.length} ${certificates.length === 1 ? 'certificate' : 'certificates'}`,
    })),
    ...trust.keyrings.flatMap(listKeys),
    ...trust.stores.map(({ url, origin }): Fact => ({ what: 'store', name: url, value: origin })),
    ...trust.canonicalRepositories.map((name): Fact => ({
      what: 'repository',
      name: `canonical ${name}`,
      value: name,
    })),
    ...trust.signedRepositories.map((name): Fact => ({ what: 'repository', name: `signed ${name}`, value: name })),
    ...trust.imagePolicies.map((policy): Fact => ({
      what: 'policy',
      name: `${policy.kind}/${policy.name}`,
      value: toValue({ coverage: policy.coverage, content: policy.content }),
    })),
    ...Object.entries(trust)
      .filter(([name, value]) => !APART.has(name) && value !== undefined)
      .map(([name, value]): Fact => ({ what: 'setting', name, value: toValue(value) })),
  ];
}

function listKeys({ name, certificates }: PreparedTrust['keyrings'][number]): readonly Fact[] {
  return certificates.flatMap(({ keys }) =>
    keys.map(({ fingerprint, expiresAt, revoked, notForSigning }): Fact => {
      const use = revoked !== undefined ? 'revoked' : notForSigning === undefined ? 'may sign' : 'may not sign';
      const end = expiresAt === undefined ? 'never expires' : `expires ${formatUnixTime(expiresAt)}`;
      return { what: 'key', name: `${fingerprint} in ${name}`, value: `${use}, ${end}` };
    }),
  );
}

function toValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= MAX_VALUE ? text : `sha256:${hash('sha256', text)}`;
}
