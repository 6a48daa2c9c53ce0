import { parseRepository } from '../../base/names/reference.ts';
import type { Repository } from '../../base/names/repository.ts';

/** Repositories that a product is known by, so that its profile need not name them. */
export interface BuiltInProfile {
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
