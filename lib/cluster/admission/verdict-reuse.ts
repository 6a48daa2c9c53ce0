import { hash } from 'node:crypto';
import * as v from 'valibot';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Pullspec, toCanonicalPullspec } from '../../base/names/reference.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Mode, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { Decision } from '../../verdict/decide/decide-image.ts';
import { evaluateSignature } from '../../verdict/judge/keyring-requirement.ts';
import { VERIFIER_VERSION } from '../../verdict/judge/verdict.ts';

/** What must be equal for a verdict to be reused. */
interface ReuseKey {
  readonly profile: string;
  readonly mode: Mode;
  readonly canonicalPullspec: string;
  readonly trustRevision: string;
  readonly verifierVersion: string;
}

/** An acceptance that was neither forced nor warned; nothing else is stored. Times are milliseconds since 1970. */
interface ReusableVerdict extends ReuseKey {
  readonly schema: 1;
  readonly outcome: 'accepted';
  readonly forced: false;
  readonly warned: false;
  readonly decidedAt: number;
  /** The first millisecond at which the verdict must not be reused. */
  readonly reusableUntil: number;
  /** The record with the evidence. */
  readonly recordId: string;
}

/** Accepted verdicts of the last hour: API servers review the same image many times. */
export interface VerdictReuse {
  /** Undefined when the image must be decided again, also when the stored verdict cannot be read. */
  find(key: ReuseKey, now: Date): Promise<ReusableVerdict | undefined>;
  /** Stores the verdict. A failed write is ignored: the next review is decided again. */
  keep(verdict: ReusableVerdict): Promise<void>;
}

/** Milliseconds for which a verdict may be reused at most. */
export const MAX_REUSE_MS = 60 * 60 * 1000;

/** Bytes of one stored verdict. */
const MAX_BYTES = 8 * 1024;
/** Verdicts in the memory of a process; one that is dropped is read from the object store again. */
const MAX_REMEMBERED = 10_000;

/** Stores verdicts in memory and at `admission/<profile>/<name>.json`, where only this function may write. */
export function createVerdictReuse(objects: ObjectStore): VerdictReuse {
  const remembered = new Map<string, ReusableVerdict>();
  const remember = (name: string, verdict: ReusableVerdict): void => {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(name, verdict);
  };
  return {
    async find(key, now) {
      const name = toReuseName(key);
      const known = remembered.get(name);
      if (known !== undefined && isReusable(known, key, now)) return known;
      const stored = await unlessBroken(objects.readObject(toObjectKey(key, name), MAX_BYTES));
      const verdict = stored === undefined ? undefined : parseReusableVerdict(stored.bytes);
      if (verdict === undefined || !isReusable(verdict, key, now)) return undefined;
      remember(name, verdict);
      return verdict;
    },
    async keep(verdict) {
      const name = toReuseName(verdict);
      remember(name, verdict);
      const key = toObjectKey(verdict, name);
      const bytes = new TextEncoder().encode(`${JSON.stringify(verdict)}\n`);
      const write = async (): Promise<boolean> => {
        if (await objects.createObject(key, bytes)) return true;
        const stored = await objects.readObject(key, MAX_BYTES);
        // A concurrent writer has stored an equally good one.
        return await objects.replaceObject(key, bytes, stored?.etag);
      };
      await unlessBroken(write());
    },
  };
}

function toObjectKey({ profile }: ReuseKey, name: string): string {
  return `admission/${profile}/${name}.json`;
}

async function unlessBroken<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** The key of a pullspec's verdict; undefined without a digest or canonical repository, whose verdict is not reused. */
export function toReuseKey(
  pullspec: Pullspec,
  { canonicalRepositories, profile, mode, revision }: PreparedTrust,
): ReuseKey | undefined {
  const canonicalPullspec = toCanonicalPullspec(pullspec);
  if (canonicalPullspec === undefined || !canonicalRepositories.includes(pullspec.repository)) return undefined;
  return { profile, mode, canonicalPullspec, trustRevision: revision, verifierVersion: VERIFIER_VERSION };
}

/** The name of a stored verdict: SHA-256 of its key, in hex. */
function toReuseName(key: ReuseKey): string {
  return hash('sha256', JSON.stringify(toParts(key)));
}

/**
 * The reusable part of a decision, or undefined if it must not be reused. A decision that an image policy took part in
 * is not reused: when the signatures that satisfied the policy expire is not known here.
 */
export function toReusableVerdict(
  { verdict, verified }: Pick<Decision, 'verdict' | 'verified'>,
  trust: ReadyTrust,
  recordId: string,
): ReusableVerdict | undefined {
  const { judgedAs, outcome, forced, reasons, warnings, policies, canonicalPullspec, digest } = verdict;
  if (judgedAs !== undefined) return undefined;
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

/** True when the stored verdict has this key and is current. A clock that was set back reuses nothing. */
function isReusable(kept: ReusableVerdict, key: ReuseKey, now: Date): boolean {
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

/** Undefined for anything but a reusable verdict: the image is then decided again. */
function parseReusableVerdict(bytes: Uint8Array): ReusableVerdict | undefined {
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
