import type { WantedRelease } from '../../mirror/check/check-mirror.ts';
import { allOf } from '../../verdict/judge/outcome.ts';

/** What has to hold before a site updates, in the order in which a person works it off. */
export type SiteCheck =
  | 'files'
  | 'version'
  | 'graph'
  | 'mirror-sets'
  | 'openpgp'
  | 'sigstore'
  | 'components'
  | 'tags'
  | 'policies'
  | 'rollout'
  | 'first-boot'
  | 'os-image'
  | 'internal-registry'
  | 'upgradeable'
  | 'gate';

/** One line of the list. `unknown` counts as not ready: something could not be read, or was not shown. */
export interface SiteFinding {
  readonly check: SiteCheck;
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly message: string;
  /** What is missing, one thing a line. */
  readonly details: readonly string[];
  /** Commands that bring it or show it, one a line, in order. */
  readonly commands: readonly string[];
}

export interface SiteReadiness {
  readonly schema: 1;
  readonly outcome: 'ready' | 'not ready' | 'unknown';
  /** The version that the cluster runs; missing where the exports do not show it. */
  readonly from?: string | undefined;
  /** The minor version to update to. */
  readonly to: string;
  readonly releases: readonly WantedRelease[];
  readonly findings: readonly SiteFinding[];
}

export function siteFinding(
  check: SiteCheck,
  answer: SiteFinding['answer'],
  message: string,
  { details = [], commands = [] }: Partial<Pick<SiteFinding, 'details' | 'commands'>> = {},
): SiteFinding {
  return { check, answer, message, details, commands };
}

const TO_JUDGED = { yes: 'accepted', no: 'rejected', unknown: 'indeterminate' } as const;
const WORDS = { accepted: 'ready', rejected: 'not ready', indeterminate: 'unknown' } as const;

/** Ready only when every line is; a list without a line is not. */
export function concludeSite(findings: readonly SiteFinding[]): SiteReadiness['outcome'] {
  return WORDS[allOf(findings.map(({ answer }) => TO_JUDGED[answer]))];
}

/** What a version asks of a site, for the versions that are known. */
export interface VersionDemands {
  readonly minor: string;
  /** Minor versions that update to it. */
  readonly from: readonly string[];
  /** Whether its nodes ask for a Sigstore signature of every component, or of the release image alone. */
  readonly components: boolean;
  /** The gate that the version before closes until an administrator acknowledges; undefined: nothing warns. */
  readonly gate?: string | undefined;
  /** Whether a registry in the cluster may serve the release (`InternalReleaseImage`). */
  readonly internalRegistry: boolean;
}

/** openshift/machine-config-operator install/0000_90_openshift-cluster-image-policy.yaml, by release branch. */
export const VERSION_DEMANDS: readonly VersionDemands[] = [
  {
    minor: '4.21',
    from: ['4.20'],
    components: false,
    gate: 'ack-4.20-sigstore-in-4.21',
    internalRegistry: false,
  },
  { minor: '4.22', from: ['4.21'], components: true, internalRegistry: true },
  { minor: '4.23', from: ['4.22'], components: true, internalRegistry: true },
  // Published beside 4.23, with the same demands.
  { minor: '5.0', from: ['4.22', '4.23'], components: true, internalRegistry: true },
];
