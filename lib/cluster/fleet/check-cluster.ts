import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { checkPullspecs } from './check-pullspecs.ts';
import { checkStores } from './check-stores.ts';
import type { ClusterObjects, ClusterVersionState, HiveConfigState } from './cluster-objects.ts';
import { type ClusterOutcome, finding, type SurveyedCluster, type SurveyFinding } from './survey.ts';

/** What a fleet is held against: a profile's, or what is built in for one. */
export interface SurveyPolicy extends Pick<PreparedTrust, 'canonicalRepositories' | 'force'> {
  readonly profile: string;
  /** Stores of the profile; undefined where no trust says them. */
  readonly stores: readonly string[] | undefined;
}

/** What would become of one cluster if the policy were enforced now. */
export function checkCluster(objects: ClusterObjects, policy: SurveyPolicy): SurveyedCluster {
  const { cluster, clusterVersion, mirrorRules, hiveConfigs, faults } = objects;
  const images = clusterVersion?.images ?? [];
  const { pullspecs, findings } = checkPullspecs(images, policy.canonicalRepositories, mirrorRules);
  const stores = checkStores(clusterVersion?.signatureStores, policy.stores);
  const forces = clusterVersion === undefined ? [] : checkForce(clusterVersion, policy);
  const all = [
    ...faults,
    ...checkShown(objects),
    ...findings,
    ...stores,
    ...forces,
    ...checkMirrorSets(objects, policy),
    ...hiveConfigs.map(checkHive),
  ];
  return {
    cluster,
    outcome: toOutcome(all.map(({ severity }) => severity)),
    ...(clusterVersion?.version === undefined ? {} : { version: clusterVersion.version }),
    pullspecs,
    stores: toStores(clusterVersion, stores),
    storeUrls: clusterVersion?.signatureStores?.map(({ url }) => url) ?? [],
    forced: forces.length,
    findings: all,
  };
}

/** The worst of several; nothing at all is no yes. */
export function toOutcome(severities: readonly (SurveyFinding['severity'] | ClusterOutcome)[]): ClusterOutcome {
  if (severities.includes('refused')) return 'refused';
  return severities.includes('unknown') ? 'unknown' : 'ready';
}

function checkShown({ cluster, clusterVersion, hiveConfigs, faults }: ClusterObjects): readonly SurveyFinding[] {
  if (clusterVersion === undefined) {
    // A hub's HiveConfig may be exported alone.
    if (hiveConfigs.length > 0 || faults.length > 0) return [];
    return [finding('files', 'unknown', cluster, 'there is no ClusterVersion in it')];
  }
  if (clusterVersion.images.length > 0) return [];
  return [finding('pullspec', 'unknown', 'ClusterVersion', 'it names no image: export it with its status')];
}

function toStores(
  clusterVersion: ClusterVersionState | undefined,
  findings: readonly SurveyFinding[],
): SurveyedCluster['stores'] {
  if (clusterVersion === undefined) return 'not shown';
  if (findings.some(({ severity }) => severity === 'refused')) return 'broken';
  return clusterVersion.signatureStores === undefined ? 'default' : 'own';
}

/** The operator's words for what force went past: signatures, and preconditions. */
const FORCED = ['because the update was forced', 'Forced through blocking failures'];

function checkForce({ desiresForce, history }: ClusterVersionState, { force }: SurveyPolicy): readonly SurveyFinding[] {
  const findings: SurveyFinding[] = [];
  if (desiresForce) {
    findings.push(
      finding(
        'force',
        force === 'deny' ? 'refused' : 'warning',
        'ClusterVersion spec.desiredUpdate.force',
        force === 'deny' ? 'it is set, and the profile does not allow force' : 'it is set: nothing stops the update',
        'oc adm upgrade --clear',
      ),
    );
  }
  for (const { version, image, verified, acceptedRisks, isFirst } of history) {
    const isForced = FORCED.some((words) => acceptedRisks.includes(words));
    // What the installer brought is never verified by the operator, and nobody forced it.
    if (!isForced && (verified !== false || isFirst)) continue;
    const how = verified === false ? 'not verified' : 'verified';
    const risks = acceptedRisks === '' ? 'no accepted risk is told' : acceptedRisks;
    const message = `${image}: ${how}${isForced ? ', forced' : ''}: ${risks}`;
    findings.push(finding('force', 'warning', `ClusterVersion status.history ${version ?? ''}`.trimEnd(), message));
  }
  return findings;
}

function checkMirrorSets(
  { mirrorRules }: ClusterObjects,
  { canonicalRepositories }: SurveyPolicy,
): readonly SurveyFinding[] {
  const findings: SurveyFinding[] = [];
  for (const canonical of canonicalRepositories) {
    const rules = mirrorRules.filter(({ source }) => canonical === source || canonical.startsWith(`${source}/`));
    for (const { mirrors, origin, tagsOnly, neverContactSource } of rules.filter((rule) => rule.mirrors.length > 0)) {
      const never = neverContactSource ? ', and never to the source' : '';
      const message = `${canonical} is redirected to ${mirrors.join(', ')}${never}`;
      findings.push(finding('mirror-sets', 'note', origin, tagsOnly === true ? `${message}, by tag alone` : message));
    }
    if (rules.length > 0 && rules.every(({ tagsOnly }) => tagsOnly === true)) {
      const message = `${canonical} is mirrored for tags alone: releases are pulled by digest, and from the source`;
      findings.push(finding('mirror-sets', 'warning', 'ImageTagMirrorSet', message, 'write an ImageDigestMirrorSet'));
    }
  }
  return findings;
}

function checkHive({ name, isReferring, referredNamespace, referredName }: HiveConfigState): SurveyFinding {
  const where = `HiveConfig/${name} spec.releaseImageVerificationConfigMapRef`;
  if (referredName === '') {
    const why = isReferring ? 'it has no name' : 'it is not set';
    return finding('hive', 'warning', where, `${why}: Hive verifies no release image`);
  }
  if (referredNamespace === '') {
    return finding('hive', 'refused', where, `it names ${referredName} without a namespace: Hive does not start by it`);
  }
  return finding('hive', 'note', where, `Hive verifies release images by ${referredNamespace}/${referredName}`);
}
