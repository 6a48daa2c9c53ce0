import { InputError } from '../../base/errors/input-error.ts';
import { compareMinors, parseMinor, toMinor } from '../render/release-version.ts';
import type { SiteState } from './parse-site.ts';
import { type SiteFinding, siteFinding, VERSION_DEMANDS, type VersionDemands } from './readiness.ts';

/** What `--to` may name. @throws InputError `ArgumentInvalid` for a version that nothing is known of */
export function findDemands(text: string): VersionDemands {
  const minor = toMinor(text) ?? parseMinor(text);
  const found = VERSION_DEMANDS.find((one) => one.minor === minor);
  if (found !== undefined) return found;
  const known = VERSION_DEMANDS.map((one) => one.minor).join(', ');
  const [first] = VERSION_DEMANDS;
  const why =
    first !== undefined && compareMinors(minor, first.minor) < 0
      ? `nodes before ${first.minor} ask for no Sigstore signature of releases`
      : 'what it asks for is not known yet';
  throw new InputError('ArgumentInvalid', `${minor}: ${why}; readiness is known for ${known}`);
}

const EXPORT = 'oc get clusterversion,idms,itms,clusterimagepolicy -o yaml > site/cluster.yaml';
const EXPORT_GATES = [
  'oc get configmap admin-gates -n openshift-config-managed -o yaml > site/admin-gates.yaml',
  'oc get configmap admin-acks -n openshift-config -o yaml > site/admin-acks.yaml',
];

/** What could not be read of the exports. */
export function checkFiles({ faults }: SiteState): readonly SiteFinding[] {
  if (faults.length === 0) return [];
  const message = 'not everything that was exported could be read: export it again';
  return [siteFinding('files', 'unknown', message, { details: faults })];
}

/** Whether the cluster's version leads to the one that is wanted, in one step. */
export function checkVersion({ version }: SiteState, { minor, from }: VersionDemands): SiteFinding {
  const current = version === undefined ? undefined : toMinor(version);
  if (version === undefined || current === undefined) {
    return siteFinding('version', 'unknown', 'the exports show no version of the cluster', { commands: [EXPORT] });
  }
  if (from.includes(current)) return siteFinding('version', 'yes', `${version} updates to ${minor}`);
  if (current === minor) {
    const message = `${version} is of ${minor} already: its nodes ask for these signatures now`;
    return siteFinding('version', 'yes', message);
  }
  if (compareMinors(current, minor) > 0) {
    return siteFinding('version', 'no', `${version} is later than ${minor}: a cluster does not go back`);
  }
  const [before = ''] = from;
  const message = `${version} does not update to ${minor}: update to ${from.join(' or ')} first`;
  const isKnown = VERSION_DEMANDS.some((one) => one.minor === before);
  return siteFinding('version', 'no', message, { commands: isKnown ? [`signet readiness --to ${before}`] : [] });
}

/** What the cluster itself says against a minor update. */
export function checkUpgradeable(site: SiteState): SiteFinding {
  const { version, upgradeable, overrides } = site;
  const check = 'upgradeable';
  if (version === undefined) {
    return siteFinding(check, 'unknown', 'the exports show no ClusterVersion with its status', { commands: [EXPORT] });
  }
  const details = overrides.map(
    ({ path, manifest }) => `${path}: ${manifest} is not managed, which blocks minor updates`,
  );
  // What an acknowledgement opens is a line of its own.
  const isBlocked = upgradeable?.status === 'False' && !isOnlyGate(upgradeable.reason);
  if (isBlocked) details.push(`Upgradeable=False, ${upgradeable.reason}: ${upgradeable.message}`);
  if (upgradeable?.status === 'Unknown') {
    return siteFinding(check, 'unknown', `Upgradeable=Unknown: ${upgradeable.message}`, { details });
  }
  if (details.length === 0) return siteFinding(check, 'yes', 'no operator and no override blocks the update');
  const commands =
    overrides.length === 0
      ? []
      : ['oc patch clusterversion version --type=json -p \'[{"op":"remove","path":"/spec/overrides"}]\''];
  return siteFinding(check, 'no', 'the cluster blocks minor updates', { details, commands });
}

/** openshift/cluster-version-operator pkg/cvo/upgradeable.go. */
function isOnlyGate(reason: string): boolean {
  return reason === 'AdminAckRequired';
}

/** A gate of the version that runs (openshift/cluster-version-operator pkg/cvo/upgradeable.go). */
const GATE = /^ack-([45]\.[0-9]{1,4})-[^-]/;
/** What an API server takes as a key of a ConfigMap: a name that is printed into a command has to be one. */
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Gates that wait for an administrator: last, since each says that the lines above it were read. */
export function checkGates({ version, gates, acknowledged }: SiteState, demands: VersionDemands): SiteFinding {
  const current = version === undefined ? undefined : toMinor(version);
  const { minor } = demands;
  if (current === minor) return siteFinding('gate', 'yes', 'the cluster passed the gates of the update already');
  if (gates === undefined || current === undefined) {
    const message = 'the exports hold no ConfigMap admin-gates: it says what waits for an administrator';
    return siteFinding('gate', 'unknown', message, {
      commands: current === undefined ? [EXPORT, ...EXPORT_GATES] : EXPORT_GATES,
    });
  }
  const mine = Object.keys(gates).filter((name) => GATE.exec(name)?.[1] === current);
  const closed = mine
    .filter((name) => acknowledged === undefined || !Object.hasOwn(acknowledged, name) || acknowledged[name] !== 'true')
    .toSorted();
  if (closed.length === 0) {
    const none =
      demands.gate === undefined
        ? `nothing in the cluster warns of what ${minor} asks for`
        : `${demands.gate} is not among them`;
    const open = mine.length === 0 ? `no gate is closed; ${none}` : `acknowledged: ${mine.join(', ')}`;
    return siteFinding('gate', 'yes', open);
  }
  const [other] = closed.filter((name) => !KEY.test(name));
  if (other !== undefined) {
    return siteFinding('gate', 'unknown', `the ConfigMap admin-gates has a key that no API server takes: ${other}`);
  }
  if (acknowledged === undefined) {
    const message = `the exports hold no ConfigMap admin-acks: whether ${closed.join(', ')} is acknowledged is not known`;
    return siteFinding('gate', 'unknown', message, { commands: EXPORT_GATES.slice(1) });
  }
  const data = JSON.stringify({ data: Object.fromEntries(closed.map((name) => [name, 'true'])) });
  return siteFinding('gate', 'no', 'acknowledge when every line above is done', {
    details: closed.map((name) => `${name}: ${gates[name]}`),
    commands: [`oc -n openshift-config patch configmap admin-acks --type=merge --patch '${data}'`],
  });
}
