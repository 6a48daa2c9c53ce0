import type { Outcome } from '../text/phrases.ts';

/** What docs/openapi.yaml says of the answers that the page reads. Every text is of strangers. */
export interface Key {
  readonly fingerprint: string;
  readonly maySign: boolean;
  readonly expiresAt: string | null;
  readonly revoked: boolean;
}

export interface Keyring {
  readonly name: string;
  readonly keys: readonly Key[];
}

export interface DayCounts {
  readonly day: string;
  readonly accepted: number;
  readonly rejected: number;
  readonly indeterminate: number;
  readonly forced: number;
}

export interface ProfileState {
  readonly profile: string;
  readonly state: 'ready' | 'stale' | 'unreadable';
  readonly revision?: string;
  readonly mode?: 'enforce' | 'warn';
  readonly refreshedAt?: string;
  readonly ageSeconds?: number;
  readonly keyExpiresInDays?: number;
  readonly keyrings?: readonly Keyring[];
}

export interface QueueState {
  readonly name: string;
  readonly waiting?: number;
  readonly deadLetters?: {
    readonly count: number;
    readonly latest: readonly { readonly id: string; readonly sentAt: string; readonly reason: string }[];
  };
  readonly fault?: string;
}

export interface Coverage {
  readonly profile: string;
  readonly plannedAt?: string;
  readonly failedGraphs?: number;
  readonly minors?: readonly MinorCoverage[];
  readonly fault?: string;
}

export interface MinorCoverage {
  readonly minor: string;
  readonly architecture: string;
  readonly wanted: number;
  readonly held: number;
  readonly absent: number;
}

export interface Overview {
  readonly at: string;
  readonly profiles: readonly ProfileState[];
  readonly decisions: {
    readonly since?: string;
    readonly days?: readonly DayCounts[];
    readonly scannedUntil?: string;
    readonly isIncomplete?: true;
    readonly fault?: string;
  };
  readonly queues: readonly QueueState[];
  readonly mirror: readonly Coverage[];
  readonly readiness: readonly {
    readonly profile: string;
    readonly reportedAt?: string;
    readonly outcome?: string;
    readonly minors?: readonly Readonly<Record<string, string | number>>[];
    readonly fault?: string;
  }[];
}

export type Caller = Readonly<Record<string, string>>;

export interface DecisionRow {
  readonly id: string;
  readonly decidedAt: string;
  readonly outcome: Outcome;
  readonly forced: boolean;
  readonly profile: string;
  readonly mode: string;
  readonly source: string;
  readonly pullspec: string;
  readonly repository: string;
  readonly digest?: string;
  readonly pushed?: string;
  readonly codes: readonly string[];
  readonly caller?: Caller;
}

export interface DecisionPage {
  readonly verdicts: readonly DecisionRow[];
  readonly unreadable?: readonly { readonly key: string; readonly fault: string }[];
  readonly next?: string;
  readonly scannedUntil?: string;
  readonly isIncomplete?: true;
}

export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface Attempt {
  readonly store: string;
  readonly location: string;
  readonly keyring?: string;
  readonly signer?: string;
  readonly image?: string;
  readonly code: string;
  readonly message: string;
  readonly note?: string;
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly forced: boolean;
  readonly pullspec: string;
  readonly canonicalPullspec?: string;
  readonly digest?: string;
  readonly profile: string;
  readonly mode: string;
  readonly trustRevision: string;
  readonly verifierVersion: string;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
  readonly policies?: readonly PolicyResult[];
  readonly images?: readonly {
    readonly digest: string;
    readonly platforms: readonly string[];
    readonly outcome?: Outcome;
  }[];
  readonly nodes?: unknown;
  readonly decidedAt: string;
}

export interface PolicyResult {
  readonly document: string;
  readonly image: string;
  readonly scope: string;
  readonly outcome: Outcome;
  readonly requirements: readonly {
    readonly requirement: string;
    readonly outcome: Outcome;
    readonly reasons: readonly Reason[];
  }[];
}

export interface StoredRecord {
  readonly id: string;
  readonly asked: {
    readonly source: string;
    readonly registry?: string;
    readonly repository?: string;
    readonly tag?: string;
    readonly pullspec: string;
    readonly caller?: Caller;
  };
  readonly verdict: Verdict;
  readonly signatures: readonly { readonly location: string; readonly sha256: string }[];
  readonly firstDecidedAt: string;
  readonly questions?: {
    readonly times: number;
    readonly isMore?: true;
    readonly lastAskedAt?: string;
    readonly latest: readonly {
      readonly askedAt: string;
      readonly source: string;
      readonly forced: boolean;
      readonly caller?: Caller;
    }[];
  };
}
