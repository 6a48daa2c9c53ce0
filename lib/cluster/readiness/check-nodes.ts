import type { CheckedImage } from '../../mirror/check/check-image.ts';
import { HOST_NOTE } from '../../mirror/check/evidence.ts';
import type { ClusterImagePolicy } from '../../trust/policy/cluster-image-policy.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import { judgeNodes, type NodeVersion } from '../../verdict/judge/nodes.ts';
import { findUnknownMembers } from '../render/machine-config/node-versions.ts';
import { toMinor } from '../render/release-version.ts';
import { checkPolicyRollout } from '../rollout/check-rollout.ts';
import { nameImage } from './check-images.ts';
import type { SiteState } from './parse-site.ts';
import { type SiteFinding, siteFinding, type VersionDemands } from './readiness.ts';

/** The cluster's own image policies, which nodes apply beside the release's. */
export function checkPolicies(policies: readonly ClusterImagePolicy[], { minor }: VersionDemands): SiteFinding {
  const check = 'policies';
  if (policies.length === 0)
    return siteFinding(check, 'yes', 'the exports hold no ClusterImagePolicy of the site’s own');
  const details = policies.map(({ name, scopes }) => `ClusterImagePolicy ${name}: ${scopes.join(', ')}`);
  const unknown = policies.flatMap((policy) => findUnreadable(policy, minor));
  if (unknown.length > 0)
    return siteFinding(check, 'no', `nodes of ${minor} do not read a policy`, { details: unknown });
  const message = 'read by the nodes; where they cover the release, its signatures were checked by them too';
  return siteFinding(check, 'yes', message, { details });
}

/** Why nodes of a version would refuse the policy.json that the cluster writes for a policy. */
function findUnreadable(policy: ClusterImagePolicy, minor: string): readonly string[] {
  const { name, requirement } = policy;
  if (requirement.type === 'unsupported') return [`ClusterImagePolicy ${name}: ${requirement.fault}`];
  return findUnknownMembers(toWritten(policy), minor).map((fault) => `ClusterImagePolicy ${name}: ${fault}`);
}

/** The members of what machine-config-operator writes (`pkg/controller/container-runtime-config/helpers.go`). */
function toWritten({ scopes, requirement }: ClusterImagePolicy): TrustDocument {
  const members =
    requirement.type === 'unsupported'
      ? {}
      : { ...ROOTS[requirement.root.kind], signedIdentity: { type: requirement.signedIdentity.type } };
  const isLogged =
    requirement.type === 'sigstoreSigned' && requirement.root.kind !== 'pki' && requirement.root.rekorKeys.length > 0;
  const written = { type: 'sigstoreSigned', ...members, ...(isLogged ? { rekorPublicKeyData: '' } : {}) };
  const docker = Object.fromEntries(scopes.map((scope) => [scope, [written]]));
  const policy = { default: [{ type: 'insecureAcceptAnything' }], transports: { docker } };
  return { name: 'policy.json', bytes: Buffer.from(JSON.stringify(policy)) };
}

const ROOTS = { keys: { keyData: '' }, fulcio: { fulcio: {} }, pki: { pki: {} } } as const;

const POOLS = 'oc get mcp,mc,node -o yaml > site/pools.yaml';

/** Whether the cluster's own policies are live on every node, as `rollout check` says it. */
export function checkLive({ pools }: SiteState, policies: readonly ClusterImagePolicy[]): SiteFinding {
  const check = 'rollout';
  if (policies.length === 0) return siteFinding(check, 'yes', 'there is no policy of the site’s own to roll out');
  if (pools === undefined) {
    return siteFinding(check, 'unknown', 'the exports hold no MachineConfigPool', { commands: [POOLS] });
  }
  const rollout = checkPolicyRollout(pools, policies, undefined);
  const details = [
    ...rollout.pools.flatMap(({ pool, findings }) =>
      findings.filter(({ answer }) => answer !== 'yes').map(({ answer, message }) => `${pool}: ${answer}: ${message}`),
    ),
    ...rollout.faults,
  ];
  if (rollout.outcome === 'live') return siteFinding(check, 'yes', 'the policies are live on every node', { details });
  const isNo = rollout.faults.length > 0 || rollout.pools.some(({ outcome }) => outcome === 'not-live');
  return siteFinding(check, isNo ? 'no' : 'unknown', 'the policies are not known to be live on every node', {
    details,
    commands: [POOLS, 'signet rollout check --pool site/pools.yaml --expect POLICY'],
  });
}

/** What new machines boot first: their podman pulls the release by the policies that the cluster gives them. */
export interface BootImage {
  /** Named by the user; undefined: the version that the cluster was installed with. */
  readonly named: string | undefined;
  readonly policies: readonly ClusterImagePolicy[];
}

/** First boot is by the podman of the boot image, which is as old as the installation unless it is updated. */
export function checkFirstBoot({ installed }: SiteState, { named, policies }: BootImage): SiteFinding {
  const check = 'first-boot';
  const minor = named ?? (installed === undefined ? undefined : toMinor(installed));
  const commands = ['oc get machineconfiguration cluster -o yaml', 'signet readiness … --boot-image VERSION'];
  if (minor === undefined) {
    return siteFinding(check, 'unknown', 'the exports show no history of the cluster: name the oldest boot image', {
      commands,
    });
  }
  // Of a release whose signatures nodes read, which is a line of its own: whether nodes of that version do too.
  const signed = { outcome: 'accepted', asNode: 'accepted', reasons: [], attempts: [], needsSigstore: true } as const;
  const { nodes, reason } = judgeNodes({ ...signed, version: toNodeVersion(minor) });
  const faults = policies.flatMap((policy) => findUnreadable(policy, minor));
  const details = [...(nodes === 'yes' ? [] : [reason]), ...faults];
  const origin = named === undefined ? `the cluster was installed with ${installed}` : `boot images of ${minor}`;
  if (details.length === 0)
    return siteFinding(check, 'yes', `${origin}: the podman of its boot image reads these policies`);
  const message = `${origin}: machines that boot that image cannot join`;
  // Boot images may have been updated since the installation.
  return siteFinding(check, named === undefined ? 'unknown' : 'no', message, { details, commands });
}

function toNodeVersion(minor: string): NodeVersion {
  const [major = 0, second = 0] = minor.split('.').map(Number);
  return { major, minor: second };
}

/** The first skopeo whose proxy judges the chosen image of an index too; up to then it judges the index alone. */
const FIRST_SKOPEO = [1, 22, 2] as const;
const OS_IMAGES = /^(?:machine-os-content|[a-z0-9-]*coreos(?:-[0-9]+)?)$/;

/** The OS image is fetched by rpm-ostree or bootc through the host's skopeo, which reads an index otherwise. */
export function checkOsImage(
  components: readonly CheckedImage[] | undefined,
  { components: asked, minor }: VersionDemands,
  skopeo: string | undefined,
): SiteFinding {
  const check = 'os-image';
  if (components === undefined) {
    return siteFinding(check, 'yes', `${minor} asks for no signature of the OS image`);
  }
  const found = components.filter(
    ({ names, list }) => list === undefined && names.some((name) => OS_IMAGES.test(name)),
  );
  if (found.length === 0) {
    return siteFinding(check, asked ? 'unknown' : 'yes', 'the release names no OS image that is known here');
  }
  const open = found.filter(({ sigstore }) => sigstore.state !== 'valid');
  if (open.length > 0) {
    const answer = open.some(({ sigstore }) => sigstore.state !== 'failed' && sigstore.state !== 'unasked')
      ? 'no'
      : 'unknown';
    return siteFinding(check, answer, 'the OS image is no better signed than the components above', {
      details: open.map(nameImage),
    });
  }
  const byChildren = found.filter(({ sigstore }) => sigstore.notes?.includes(HOST_NOTE) === true);
  if (byChildren.length === 0)
    return siteFinding(check, 'yes', `${found.map(nameImage).join(', ')}: any skopeo reads its signature`);
  const details = byChildren.map((image) => `${nameImage(image)}: ${HOST_NOTE}`);
  if (skopeo === undefined) {
    const commands = [
      'oc debug node/NODE -- chroot /host skopeo --version',
      'signet readiness … --host-skopeo VERSION',
    ];
    return siteFinding(check, 'unknown', 'which skopeo the hosts have is not known', { details, commands });
  }
  const isLater = compareVersions(skopeo.split('.').map(Number), FIRST_SKOPEO) >= 0;
  if (isLater)
    return siteFinding(check, 'yes', `skopeo ${skopeo} of the hosts reads the signatures of its images`, { details });
  return siteFinding(
    check,
    'no',
    `skopeo ${skopeo} of the hosts reads the signature of the index alone, and it has none`,
    { details },
  );
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  for (const [index, part] of right.entries()) {
    const difference = (left[index] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}
