import { hash } from 'node:crypto';
import * as v from 'valibot';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { type Pullspec, toCanonicalPullspec } from '../../base/names/pullspec.ts';
import { VERIFIER_VERSION } from '../../platform/lambda/verifier-version.ts';
import type { Mode, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { Decision } from '../../verdict/decide/decide-image.ts';
import { evaluateSignature } from '../../verdict/judge/keyring-requirement.ts';

/** Whatever has to be the same for a verdict to be reused. */
export interface ReuseKey {
  readonly profile: string;
  readonly mode: Mode;
  readonly canonicalPullspec: string;
  readonly trustRevision: string;
  readonly verifierVersion: string;
}

/** An acceptance that was neither forced nor warned. Nothing else is ever kept. Times are milliseconds since 1970. */
export interface ReusableVerdict extends ReuseKey {
  readonly schema: 1;
  readonly outcome: 'accepted';
  readonly forced: false;
  readonly warned: false;
  readonly decidedAt: number;
  /** The first millisecond at which it may not be reused any more. */
  readonly reusableUntil: number;
  /** The evidence. */
  readonly recordId: string;
}

/** Milliseconds for which a verdict is reused at most. */
export const MAX_REUSE_MS = 60 * 60 * 1000;

/** Undefined for a pullspec whose verdict is never reused: without a digest, or not canonical. */
export function toReuseKey(
  pullspec: Pullspec,
  { canonicalRepositories, profile, mode, revision }: PreparedTrust,
): ReuseKey | undefined {
  const canonicalPullspec = toCanonicalPullspec(pullspec);
  if (canonicalPullspec === undefined || !canonicalRepositories.includes(pullspec.repository)) return undefined;
  return { profile, mode, canonicalPullspec, trustRevision: revision, verifierVersion: VERIFIER_VERSION };
}

/** Names what is the same, SHA-256 in hex. */
export function toReuseName(key: ReuseKey): string {
  return hash('sha256', JSON.stringify(toParts(key)));
}

/**
 * What may be reused of a decision; undefined for a decision of which nothing may. How long a signature lasts that an
 * image policy asked for is not known here, so what a policy had a say in is decided anew each time.
 */
export function toReusableVerdict(
  { verdict, verified }: Pick<Decision, 'verdict' | 'verified'>,
  trust: ReadyTrust,
  recordId: string,
): ReusableVerdict | undefined {
  const { outcome, forced, reasons, warnings, policies, canonicalPullspec, digest } = verdict;
  if (outcome !== 'accepted' || forced || reasons.length > 0 || warnings.length > 0) return undefined;
  if (policies !== undefined || canonicalPullspec === undefined || digest === undefined) return undefined;
  const decidedAt = Date.parse(verdict.decidedAt);
  const signatures = verified.flatMap(({ bytes }) => {
    const signature = { store: '', location: '', untrustedBytes: bytes };
    return evaluateSignature(signature, digest, trust, decidedAt / 1000).verified;
  });
  if (signatures.length === 0) return undefined;
  const expiries = signatures.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt * 1000]));
  const reusableUntil = Math.min(decidedAt + MAX_REUSE_MS, ...expiries);
  if (reusableUntil <= decidedAt) return undefined;
  const { profile, mode, trustRevision, verifierVersion } = verdict;
  const key = { profile, mode, canonicalPullspec, trustRevision, verifierVersion };
  return { schema: 1, ...key, outcome, forced, warned: false, decidedAt, reusableUntil, recordId };
}

/** Whether what was kept answers this question now; a clock that was set back answers nothing. */
export function isReusable(kept: ReusableVerdict, key: ReuseKey, now: Date): boolean {
  const { decidedAt, reusableUntil } = kept;
  const at = now.getTime();
  const isInTime = at >= decidedAt && at < reusableUntil && at < decidedAt + MAX_REUSE_MS;
  return isInTime && JSON.stringify(toParts(kept)) === JSON.stringify(toParts(key));
}

const text = v.string();
const milliseconds = v.pipe(v.number(), v.finite(), v.minValue(0));

const schema: v.GenericSchema<unknown, ReusableVerdict> = v.strictObject({
  schema: v.literal(1),
  profile: text,
  mode: v.picklist(['enforce', 'warn']),
  canonicalPullspec: text,
  trustRevision: text,
  verifierVersion: text,
  outcome: v.literal('accepted'),
  forced: v.literal(false),
  warned: v.literal(false),
  decidedAt: milliseconds,
  reusableUntil: milliseconds,
  recordId: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** What is kept is never more than a short cut: of anything else than a reusable verdict there is none. */
export function parseReusableVerdict(bytes: Uint8Array): ReusableVerdict | undefined {
  try {
    const result = v.safeParse(schema, parseStrictJson(Buffer.from(bytes).toString('utf8')));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

function toParts({ profile, mode, canonicalPullspec, trustRevision, verifierVersion }: ReuseKey): readonly string[] {
  return [profile, mode, canonicalPullspec, trustRevision, verifierVersion];
}
