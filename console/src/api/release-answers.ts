import type { DecisionRow } from './answers.ts';

/** What is known of one kind of signature of a release. */
export interface SignatureState {
  readonly state: string;
  readonly signatures?: number;
  readonly missing?: readonly string[];
  readonly at?: string;
}

export interface ReleaseRow {
  readonly digest: string;
  readonly pullspec: string;
  readonly versions: readonly string[];
  readonly architectures: readonly string[];
  readonly listedBy?: string;
  readonly openpgp?: SignatureState;
  readonly sigstore?: SignatureState;
  readonly mirrored?: SignatureState;
  readonly lastVerdict?: Pick<DecisionRow, 'id' | 'decidedAt' | 'outcome' | 'forced' | 'codes'>;
  readonly fault?: string;
}

/** GET /v1/releases. */
export interface ReleasePage {
  readonly profile: string;
  readonly catalog?: { readonly plannedAt: string; readonly failedGraphs: number; readonly releases: number };
  /** Why what the last plan read cannot be read. */
  readonly catalogFault?: string;
  readonly releases: readonly ReleaseRow[];
  readonly next?: string;
}

/** GET /v1/releases/{digest}. */
export interface ReleaseDetail extends Omit<ReleaseRow, 'openpgp' | 'lastVerdict'> {
  readonly profile: string;
  readonly openpgp: SignatureState & { readonly shown?: readonly ShownSignature[] };
  readonly absent?: { readonly times: number; readonly askedAt: string; readonly nextAt: string };
  readonly quarantined?: readonly Quarantined[];
  readonly verdicts?: readonly (Pick<DecisionRow, 'id' | 'decidedAt' | 'outcome' | 'forced' | 'codes'> & {
    readonly source: string;
  })[];
  /** The ConfigMaps that a cluster reads its signatures from, as YAML. */
  readonly manifests?: string;
}

/** A signature that the mirror holds, and who made it. */
export interface ShownSignature {
  readonly path: string;
  readonly signers: readonly {
    readonly keyring: string;
    readonly fingerprint: string;
    readonly signedAt?: string;
    readonly signedReference?: string;
  }[];
  readonly attempts: readonly { readonly keyring?: string; readonly code: string; readonly message: string }[];
}

/** A signature that was taken out; what lies there and is none has a key and a fault alone. */
export interface Quarantined {
  readonly digest?: string;
  readonly location?: string;
  readonly quarantinedAt?: string;
  readonly key?: string;
  readonly fault?: string;
  readonly reasons?: readonly {
    readonly profile: string;
    readonly keyring?: string;
    readonly code: string;
    readonly message: string;
  }[];
}

/** GET /v1/mirror. */
export interface MirrorPage {
  readonly state: string;
  readonly entries: readonly (Quarantined & {
    readonly profile?: string;
    readonly outcome?: string;
    readonly times?: number;
    readonly askedAt?: string;
    readonly nextAt?: string;
  })[];
  readonly next?: string;
}

/** GET /v1/bundles/{id}. */
export interface BundleState {
  readonly id: string;
  readonly since?: string;
  readonly profile?: string;
  readonly state: 'queued' | 'done' | 'failed';
  readonly requestedAt?: string;
  readonly finishedAt?: string;
  readonly sha256?: string;
  readonly size?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly link?: string;
  readonly failure?: { readonly code: string; readonly message: string };
}

/** GET /v1/bundles, the newest first. A state that cannot be read is a fault. */
export interface BundlePage {
  readonly bundles: readonly (BundleState | { readonly id: string; readonly fault: string })[];
  readonly next?: string;
}

/** GET /v1/dead-letters. */
export interface DeadLetters {
  readonly queue: string;
  readonly count: number;
  readonly letters: readonly {
    readonly id: string;
    readonly sentAt: string;
    readonly receives?: number;
    readonly reason: string;
    readonly body?: string;
    readonly isCut?: boolean;
  }[];
}
