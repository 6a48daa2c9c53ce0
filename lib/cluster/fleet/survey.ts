import type { JsonObject } from '../../base/documents/json-value.ts';
import type { Pullspec } from '../../base/names/reference.ts';
import type { MirrorRule, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { AdmissionResource } from '../objects/admission-kinds.ts';

/** The policy that a fleet is compared with: that of a profile, or a built-in one. */
export interface SurveyPolicy extends Pick<PreparedTrust, 'canonicalRepositories' | 'force' | 'componentImages'> {
  readonly profile: string;
  /** Mirror sets of the profile, which say what is a copy as the cluster's own do. */
  readonly mirrorRules?: readonly MirrorRule[];
  /** Stores of the profile; undefined without trust documents. */
  readonly stores: readonly string[] | undefined;
  /** Whether an image policy asks anything of an image; undefined without trust documents: none does. */
  readonly covers?: ((image: Pullspec) => boolean) | undefined;
}

/** The exported objects of one cluster. */
export interface ClusterObjects {
  readonly cluster: string;
  readonly clusterVersion: ClusterVersionState | undefined;
  readonly mirrorRules: readonly MirrorRule[];
  readonly hiveConfigs: readonly HiveConfigState[];
  /** Objects of the kinds that admission judges. */
  readonly judged: readonly JudgedObject[];
  /** Files and objects that could not be read. */
  readonly faults: readonly SurveyFinding[];
}

/** An object that names releases, or what stands beside them. */
export interface JudgedObject {
  readonly resource: AdmissionResource;
  readonly content: JsonObject;
  /** What holds it, of one that stands in another object. */
  readonly within?: string | undefined;
}

export interface ClusterVersionState {
  readonly version: string | undefined;
  /** Images that the cluster names, each with its field. */
  readonly images: readonly NamedImage[];
  readonly desiresForce: boolean;
  readonly history: readonly HistoryState[];
  /** Undefined without the field. */
  readonly signatureStores: readonly SignatureStoreState[] | undefined;
}

export interface NamedImage {
  readonly where: 'spec.desiredUpdate' | 'status.desired' | 'status.availableUpdates' | 'status.history';
  readonly image: string;
  readonly version: string | undefined;
}

interface HistoryState {
  readonly version: string | undefined;
  readonly image: string;
  readonly verified: boolean | undefined;
  readonly acceptedRisks: string;
  /** The entry of the installation, which the operator does not verify. */
  readonly isFirst: boolean;
}

export interface SignatureStoreState {
  readonly url: string;
  readonly ca: string | undefined;
}

/** The reference as written, with empty strings for missing fields. */
export interface HiveConfigState {
  readonly name: string;
  readonly isReferring: boolean;
  readonly referredNamespace: string;
  readonly referredName: string;
}

/** The subject of a finding. */
type SurveyCheck =
  | 'pullspec'
  | 'local-mirror'
  | 'signature-stores'
  | 'force'
  | 'hive'
  | 'mirror-sets'
  | 'side-door'
  | 'files';

/**
 * `refused`: the cluster would be refused, or would not work, under the policy. `warning`: look at it before enforcing the
 * policy. `note`: for information. `unknown`: the exported objects do not show it.
 */
type Severity = 'refused' | 'warning' | 'note' | 'unknown';

export interface SurveyFinding {
  readonly check: SurveyCheck;
  readonly severity: Severity;
  /** The object and field, such as `ClusterVersion/version spec.desiredUpdate.image`. */
  readonly where: string;
  readonly message: string;
  readonly remedy?: string | undefined;
}

export function finding(
  check: SurveyCheck,
  severity: Severity,
  where: string,
  message: string,
  remedy?: string,
): SurveyFinding {
  return { check, severity, where, message, ...(remedy === undefined ? {} : { remedy }) };
}

/** `ready`: nothing is refused and everything needed is shown. `unknown`: something needed is not shown. */
export type ClusterOutcome = 'ready' | 'refused' | 'unknown';

export interface SurveyedCluster {
  readonly cluster: string;
  readonly outcome: ClusterOutcome;
  /** The version of `status.desired`. */
  readonly version?: string | undefined;
  /** Which repositories it names releases by, and which stores it reads signatures from. */
  readonly pullspecs: 'canonical' | 'local-mirror' | 'other' | 'not shown';
  readonly stores: 'default' | 'own' | 'broken' | 'not shown';
  readonly storeUrls: readonly string[];
  readonly forced: number;
  readonly findings: readonly SurveyFinding[];
}

export interface FleetSurvey {
  readonly outcome: ClusterOutcome;
  readonly profile: string;
  readonly canonicalRepositories: readonly string[];
  readonly clusters: readonly SurveyedCluster[];
  /** Files beside those of clusters that were not read, which leaves open what is in them. */
  readonly passedOver: readonly { readonly file: string; readonly reason: string }[];
}
