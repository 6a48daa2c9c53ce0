import { hash } from 'node:crypto';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import { MAX_KEYRINGS } from '../../trust/prepared/prepared-trust.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import type { AuditTarget, Evaluations } from './audit-slots.ts';

/** What one keyring of a profile made of it. */
export type QuarantineAttempt = Pick<Attempt, 'keyring' | 'signer' | 'code' | 'message' | 'note'>;

/** What was in the mirror and verifies for no profile, with the reason: enough to judge it again or to put it back. */
export interface QuarantineEntry {
  readonly schema: 1;
  readonly digest: Digest;
  /** The key under which it was in the mirror. */
  readonly location: string;
  /** Of the bytes, hex. */
  readonly sha256: string;
  /** Base64. */
  readonly bytes: string;
  /** By profile. */
  readonly attempts: Readonly<Record<string, readonly QuarantineAttempt[]>>;
  /** By profile, of all that were asked. */
  readonly trustRevisions: Readonly<Record<string, string>>;
  readonly quarantinedAt: string;
}

/** Characters kept of a message: part of it may come from the signature. */
const MAX_MESSAGE_LENGTH = 500;

/** The key of the quarantined bytes of a digest. */
export function quarantineKey(digest: Digest, sha256: string): string {
  return `quarantine/${toStoreSegment(digest)}/${sha256}.json`;
}

/** Keeps a copy, once for the same bytes: the first reason stays. @throws StoreError */
export async function quarantineSignature(
  { objects, digest, trusts, now }: AuditTarget,
  location: string,
  untrustedBytes: Uint8Array,
  evaluations: Evaluations,
): Promise<void> {
  const sha256 = hash('sha256', untrustedBytes, 'hex');
  const entry: QuarantineEntry = {
    schema: 1,
    digest,
    location,
    sha256,
    bytes: Buffer.from(untrustedBytes).toString('base64'),
    attempts: Object.fromEntries(
      [...evaluations].map(([profile, { attempts }]) => [profile, attempts.slice(0, MAX_KEYRINGS).map(toKept)]),
    ),
    trustRevisions: Object.fromEntries(trusts.map(({ prepared }) => [prepared.profile, prepared.revision])),
    quarantinedAt: now.toISOString(),
  };
  await objects.createObject(quarantineKey(digest, sha256), Buffer.from(`${JSON.stringify(entry)}\n`));
}

function toKept({ keyring, signer, code, message, note }: Attempt): QuarantineAttempt {
  return { keyring, signer, code, message: message.slice(0, MAX_MESSAGE_LENGTH), note };
}
