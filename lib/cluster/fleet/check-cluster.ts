import { RELEASE_REPOSITORIES } from '../../trust/policy/machine-config-lockouts.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { compareMinors, toMinor } from '../render/release-version.ts';
import { checkObject } from './check-objects.ts';
import { checkPullspecs } from './check-pullspecs.ts';
import { checkStores } from './check-stores.ts';
import {
  type ClusterObjects,
  type ClusterOutcome,
  type ClusterVersionState,
  finding,
  type HiveConfigState,
  type SurveyedCluster,
  type SurveyFinding,
  type SurveyPolicy,
} from './survey.ts';

/** Surveys what enforcing the policy would change for one cluster. */
export function checkCluster(objects: ClusterObjects, policy: SurveyPolicy): SurveyedCluster {
  const { cluster, clusterVersion, mirrorRules, hiveConfigs, faults } = objects;
  const rules = [...mirrorRules, ...(policy.mirrorRules ?? [])];
  const images = clusterVersion?.images ?? [];
  const { pullspecs, findings } = checkPullspecs(images, policy.canonicalRepositories, rules);
  const stores = checkStores(clusterVersion?.signatureStores, policy.stores);
  const forces = clusterVersion === undefined ? [] : checkForce(clusterVersion, policy);
  const all = [
    ...faults,
    ...checkShown(objects),
    ...findings,
    ...stores,
    ...forces,
    ...checkMirrorSets(objects, policy),
    ...noteSigstore(objects),
    ...hiveConfigs.map(checkHive),
    ...objects.judged.flatMap((object) => checkObject(object, { ...policy, mirrorRules: rules })),
  ];
  return {
    cluster,
    // A cluster without findings names canonical images only: checkShown reports one that names none.
    outcome: toOutcome(['ready', ...all.map(({ severity }) => severity)]),
    ...(clusterVersion?.version === undefined ? {} : { version: clusterVersion.version }),
    pullspecs,
    stores: toStores(clusterVersion, stores),
    storeUrls: clusterVersion?.signatureStores?.map(({ url }) => url) ?? [],
    forced: forces.length,
    findings: all,
  };
}

/** The outcome of several findings or clusters. */
export function toOutcome(parts: readonly (SurveyFinding['severity'] | ClusterOutcome)[]): ClusterOutcome {
  return FROM_JUDGED[allOf(parts.map((part) => TO_JUDGED[part]))];
}

const TO_JUDGED = {
  refused: 'rejected',
  unknown: 'indeterminate',
  warning: 'accepted',
  note: 'accepted',
  ready: 'accepted',
} as const satisfies Readonly<Record<SurveyFinding['severity'] | ClusterOutcome, Outcome>>;
const FROM_JUDGED = { rejected: 'refused', indeterminate: 'unknown', accepted: 'ready' } as const;

function checkShown({
  cluster,
  clusterVersion,
  hiveConfigs,
  judged,
  faults,
}: ClusterObjects): readonly SurveyFinding[] {
  if (clusterVersion === undefined) {
    // What a hub holds of other clusters may be exported alone.
    const isHub = hiveConfigs.length > 0 || judged.some(({ resource }) => !resource.startsWith('machine'));
    if (isHub || faults.length > 0) return [];
    return [finding('files', 'unknown', cluster, 'no ClusterVersion found: export it with its status')];
  }
  if (clusterVersion.images.length > 0) return [];
  return [
    finding('pullspec', 'unknown', 'ClusterVersion', 'no image named: export the ClusterVersion with its status'),
  ];
}

function toStores(
  clusterVersion: ClusterVersionState | undefined,
  findings: readonly SurveyFinding[],
): SurveyedCluster['stores'] {
  if (clusterVersion === undefined) return 'not shown';
  if (findings.some(({ severity }) => severity === 'refused')) return 'broken';
  return clusterVersion.signatureStores === undefined ? 'default' : 'own';
}

/** The operator's messages when force skips signatures, and when it skips preconditions. */
const FORCED = ['because the update was forced', 'Forced through blocking failures'];

function checkForce({ desiresForce, history }: ClusterVersionState, { force }: SurveyPolicy): readonly SurveyFinding[] {
  const findings: SurveyFinding[] = [];
  if (desiresForce) {
    findings.push(
      finding(
        'force',
        force === 'deny' ? 'refused' : 'warning',
        'ClusterVersion spec.desiredUpdate.force',
        force === 'deny' ? 'force is set, and the profile denies it' : 'force is set: no check stops the update',
        'oc adm upgrade --clear',
      ),
    );
  }
  for (const { version, image, verified, acceptedRisks, isFirst } of history) {
    const isForced = FORCED.some((words) => acceptedRisks.includes(words));
    // The operator never verifies the release that the installer brought.
    if (!isForced && (verified !== false || isFirst)) continue;
    const how = verified === false ? 'not verified' : 'verified';
    const risks = acceptedRisks === '' ? 'no accepted risks recorded' : acceptedRisks;
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
      const never = neverContactSource ? ', and never pulled from the source' : '';
      const message = `${canonical} is redirected to ${mirrors.join(', ')}${never}`;
      findings.push(finding('mirror-sets', 'note', origin, tagsOnly === true ? `${message}, for tags only` : message));
    }
    if (rules.length > 0 && rules.every(({ tagsOnly }) => tagsOnly === true)) {
      const message = `${canonical} is mirrored for tags only: releases are pulled by digest, so from the source`;
      findings.push(finding('mirror-sets', 'warning', 'ImageTagMirrorSet', message, 'add an ImageDigestMirrorSet'));
    }
  }
  return findings;
}

/** What an update will ask the mirrors of release images for: the first version that does, and what. */
const SIGSTORE_FROM = [
  ['4.21', 'release images'],
  ['4.22', 'release and component images'],
] as const;

/** A cluster with mirrors comes to a version whose nodes ask those for Sigstore signatures. */
function noteSigstore({ clusterVersion, mirrorRules }: ClusterObjects): readonly SurveyFinding[] {
  const minor = toMinor(clusterVersion?.version ?? '');
  const next = SIGSTORE_FROM.find(([from]) => minor !== undefined && compareMinors(minor, from) < 0);
  if (next === undefined) return [];
  const [from, what] = next;
  const [release = ''] = RELEASE_REPOSITORIES;
  return mirrorRules.flatMap(({ source, mirrors, origin, tagsOnly }) => {
    const isMirrored = tagsOnly !== true && (release === source || release.startsWith(`${source}/`));
    if (!isMirrored || mirrors.length === 0) return [];
    const message = `${from} asks ${mirrors.join(', ')} for Sigstore signatures of ${what}: without them no node can update`;
    const remedy = 'signet mirror check says what is missing, signet mirror sigstore copies it';
    return [finding('mirror-sets', 'note', origin, message, remedy)];
  });
}

function checkHive({ name, isReferring, referredNamespace, referredName }: HiveConfigState): SurveyFinding {
  const where = `HiveConfig/${name} spec.releaseImageVerificationConfigMapRef`;
  if (referredName === '') {
    const why = isReferring ? 'the reference has no name' : 'not set';
    return finding('hive', 'warning', where, `${why}: Hive verifies no release image`);
  }
  if (referredNamespace === '') {
    return finding(
      'hive',
      'refused',
      where,
      `${referredName} has no namespace: Hive does not start with such a reference`,
    );
  }
  return finding('hive', 'note', where, `Hive verifies release images with ${referredNamespace}/${referredName}`);
}
