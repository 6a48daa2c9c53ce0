import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import type { SurveyFinding } from './survey.ts';

/** What one cluster's exported objects say. */
export interface ClusterObjects {
  readonly cluster: string;
  /** At most one is shown. */
  readonly clusterVersion: ClusterVersionState | undefined;
  readonly mirrorRules: readonly MirrorRule[];
  readonly hiveConfigs: readonly HiveConfigState[];
  /** What could not be read. */
  readonly faults: readonly SurveyFinding[];
}

export interface ClusterVersionState {
  readonly version: string | undefined;
  /** Images that the cluster names, each with the field that does. */
  readonly images: readonly NamedImage[];
  readonly desiresForce: boolean;
  readonly history: readonly HistoryState[];
  /** Undefined when the field is not there. */
  readonly signatureStores: readonly SignatureStoreState[] | undefined;
}

export interface NamedImage {
  readonly where: 'spec.desiredUpdate' | 'status.desired' | 'status.availableUpdates' | 'status.history';
  readonly image: string;
  readonly version: string | undefined;
}

export interface HistoryState {
  readonly version: string | undefined;
  readonly image: string;
  readonly verified: boolean | undefined;
  readonly acceptedRisks: string;
  /** The entry of the installation, which no operator verifies. */
  readonly isFirst: boolean;
}

export interface SignatureStoreState {
  readonly url: string;
  readonly ca: string | undefined;
}

/** The reference as written; empty where it is not. */
export interface HiveConfigState {
  readonly name: string;
  readonly isReferring: boolean;
  readonly referredNamespace: string;
  readonly referredName: string;
}
