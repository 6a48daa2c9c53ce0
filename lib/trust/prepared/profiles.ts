import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseRepository } from '../../base/names/reference.ts';
import type { PreparedTrust } from './prepared-trust.ts';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Whether a text can name a profile: it becomes part of object keys, so no `/` and no dots alone. */
export function isProfileName(text: string): boolean {
  return NAME.test(text);
}

const DEFAULT_PROFILE = 'ocp';

/** The wanted profile, else the only one, else `ocp`. @throws InputError `ProfileUnknown`, which lists them. */
export function selectProfile(names: readonly string[], wanted?: string): string {
  const toListed = (): string => (names.length === 0 ? 'there is none' : `known: ${names.join(', ')}`);
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new InputError('ProfileUnknown', `there is no profile ${JSON.stringify(wanted)}; ${toListed()}`);
  }
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (names.includes(DEFAULT_PROFILE)) return DEFAULT_PROFILE;
  throw new InputError('ProfileUnknown', `say which profile with --profile; ${toListed()}`);
}

/** Repositories that a product is known by, so that its profile need not name them. */
interface BuiltInProfile {
  readonly canonicalRepositories: readonly Repository[];
  readonly signedRepositories: readonly Repository[];
  readonly graphAliases: Readonly<Record<Repository, Repository>>;
}

const OCP = parseRepository('quay.io/openshift-release-dev/ocp-release');
const OKD = parseRepository('quay.io/okd/scos-release');
// Where OKD's CI builds releases: real payloads and the update graph name it.
const OKD_CI = parseRepository('registry.ci.openshift.org/origin/release-scos');

const BUILT_IN: ReadonlyMap<string, BuiltInProfile> = new Map([
  ['ocp', { canonicalRepositories: [OCP], signedRepositories: [OCP], graphAliases: {} }],
  ['okd', { canonicalRepositories: [OKD], signedRepositories: [OKD, OKD_CI], graphAliases: { [OKD_CI]: OKD } }],
]);

/** The built-in repositories of `ocp` and `okd`; undefined for the operator's own profiles. */
export function builtInProfile(name: string): BuiltInProfile | undefined {
  return BUILT_IN.get(name);
}

/** What is built in beside these canonical repositories, whatever their profile is called. */
export function builtInBeside(repositories: readonly Repository[]): Omit<BuiltInProfile, 'canonicalRepositories'> {
  const known = [...BUILT_IN.values()].filter(({ canonicalRepositories }) =>
    canonicalRepositories.some((repository) => repositories.includes(repository)),
  );
  return {
    signedRepositories: known.flatMap(({ signedRepositories }) => signedRepositories),
    graphAliases: Object.fromEntries(known.flatMap(({ graphAliases }) => Object.entries(graphAliases))),
  };
}

type Usable = Pick<PreparedTrust, 'imagePolicies' | 'keyrings' | 'profile' | 'require' | 'stores' | 'verification'>;

/**
 * Fails closed: trust that requires nothing would accept everything. Only `verification: disabled` may do that.
 *
 * @throws ConfigurationError `TrustUnusable`
 */
export function checkUsable({ imagePolicies, keyrings, profile, require, stores, verification }: Usable): void {
  if (verification === 'disabled') return;
  const name = `the profile ${profile}`;
  if (keyrings.length === 0 && imagePolicies.length === 0) {
    throw unusable(`${name} has neither keyrings nor image policies; only verification: disabled turns it off`);
  }
  if (require === 'openpgp' && keyrings.length === 0) {
    throw unusable(`${name} requires openpgp and has no keyring: add a release-verification ConfigMap`);
  }
  if (require === 'sigstore' && imagePolicies.length === 0) {
    throw unusable(`${name} requires sigstore and has no image policy: add a ClusterImagePolicy or policy.json`);
  }
  if (keyrings.length > 0 && stores.length === 0) {
    throw unusable(`${name} has keyrings and no signature store to read from`);
  }
}

function unusable(reason: string): ConfigurationError {
  return new ConfigurationError('TrustUnusable', reason);
}

/** Milliseconds after which trust that was not refreshed decides nothing. */
export const MAX_TRUST_AGE_MS = 24 * 60 * 60 * 1000;

/** Milliseconds by which a refresh may be ahead of now: beyond that a clock was set back, and the age is unknown. */
export const MAX_CLOCK_STEP_MS = 5 * 60 * 1000;

/** Whether the trust was last refreshed too long ago to decide anything, or it is not known when. */
export function isStale({ refreshedAt }: { readonly refreshedAt: Date }, now: Date): boolean {
  const age = now.getTime() - refreshedAt.getTime();
  return !(age >= -MAX_CLOCK_STEP_MS && age <= MAX_TRUST_AGE_MS);
}
