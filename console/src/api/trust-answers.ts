import type { Keyring } from './answers.ts';

/** GET /v1/trust. */
export interface TrustAnswer {
  readonly profiles: readonly TrustSummary[];
}

export interface TrustSummary {
  readonly profile: string;
  readonly revision: string;
  readonly refreshedAt?: string;
  readonly verification: string;
  readonly mode: string;
  readonly require: string;
  readonly canonicalRepositories: readonly string[];
  readonly signedRepositories: readonly string[];
  readonly stores: readonly string[];
  readonly keyrings: readonly Keyring[];
  readonly imagePolicies: readonly { readonly kind: string; readonly name: string }[];
}

/** GET /v1/trust/{profile}/revisions. */
export interface RevisionPage {
  readonly current: string;
  readonly revisions: readonly {
    readonly revision: string;
    readonly publishedAt?: string;
    readonly isCurrent?: boolean;
  }[];
  readonly next?: string;
}

/** GET /v1/trust/{profile}/changes. */
export interface TrustChanges {
  readonly changes: readonly {
    readonly what: string;
    readonly change: string;
    readonly name: string;
    readonly before?: string;
    readonly after?: string;
  }[];
}
