/** Whom a token identifies, verified: the account, and whom the token was made for. */
export interface Identity {
  readonly kind: 'verified';
  readonly audience: string;
  readonly email: string;
}

/** Why a token identifies nobody; for the log alone. */
export interface UnknownIdentity {
  readonly kind: 'unknown';
  readonly fault: string;
}

/**
 * Verifies the token of an `Authorization` header for one of these audiences.
 *
 * @throws StoreError when the issuer's keys are out of reach
 */
export type VerifyIdentity = (
  authorization: string | undefined,
  audiences: readonly string[],
) => Promise<Identity | UnknownIdentity>;
