import { hash } from 'node:crypto';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import type { ManifestMediaType } from '../../registry/client/registry-answers.ts';
import { MAX_PROOF_BYTES, type Verdict } from '../judge/verdict.ts';

/** Who asked, and for what. A push says where; for `api` and `cli` it is what the pullspec says. */
export interface Asked {
  /** `api`, `cli`, or a push source such as `ecr`. */
  readonly source: string;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly pullspec: string;
  /** The caller, as far as it is known: a role, the subject of a token, or a cluster and its user. Never part of the id. */
  readonly caller?: Readonly<Record<string, string>> | undefined;
}

/** A manifest that says which images nodes run: the evidence for the images of an index. */
export interface RecordedManifest {
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  /** Base64. */
  readonly bytes: string;
}

/** One signature that was examined. What was served in several places is embedded where it came first. */
export interface RecordedSignature {
  readonly store: string;
  readonly location: string;
  /** The image whose policy had it read; missing where the profile's keyrings did. */
  readonly image?: string | undefined;
  /** Of the bytes, lower-case hex. */
  readonly sha256: string;
  /** Base64; undefined beyond {@link MAX_EMBEDDED_BYTES}. */
  readonly bytes?: string | undefined;
}

/**
 * What this record stands in place of: where the record of its decision belongs, somebody else had put something. The
 * record is then stored under another id, which is made of these members, and says what was found.
 */
export interface InPlaceOf {
  readonly id: string;
  /** Of the bytes that were found; missing where they could not be read. */
  readonly sha256?: string | undefined;
  /** What was wrong with it. Never part of the id. */
  readonly fault: string;
  /** Random, in the last try: nobody can have written under this id before. */
  readonly nonce?: string | undefined;
}

/** A stored verdict: who asked, what was decided, by which bytes and which trust revision. */
export interface VerdictRecord {
  /** 1: decided before per-image rules; it has no manifests. */
  readonly schema: 1 | 2;
  readonly id: string;
  readonly asked: Asked;
  readonly verdict: Verdict;
  /** Empty where no image policy needed a signature. */
  readonly manifests: readonly RecordedManifest[];
  /** All that were examined, in that order. */
  readonly signatures: readonly RecordedSignature[];
  /** When this decision was made for the first time: RFC 3339, UTC. */
  readonly firstDecidedAt: string;
  /** Missing where nothing was in the way. */
  readonly inPlaceOf?: InPlaceOf | undefined;
}

/** Bytes of signatures that one record embeds: all that an acceptance rests on (`MAX_PROOF_BYTES`), then others. */
export const MAX_EMBEDDED_BYTES = MAX_PROOF_BYTES;
/** Bytes of a record. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/** Milliseconds since 1970 that an inverted time can hold, in {@link TIME_DIGITS} digits: until 2286. */
export const MAX_TIME_MS = 9_999_999_999_999;
const TIME_DIGITS = 13;

const POINTER_NAME = /^[0-9]{13}-([0-9a-f]{64})$/;

/** Where a record is, with all that it says (design, "Bucket layout"). */
export function recordKey(id: string): string {
  return `records/by-id/${id}.json`;
}

/** What lists the records of a digest, or of pullspecs without one. */
export function pointerPrefix(digest: Digest | undefined): string {
  return `records/${digest === undefined ? 'undigested' : toKeySegment(digest)}/`;
}

/** `<inverted time>-<id>`: of two names, the one with the later time comes first. */
export function toPointerName({ id, firstDecidedAt }: Pick<VerdictRecord, 'id' | 'firstDecidedAt'>): string {
  return `${toInvertedTime(Date.parse(firstDecidedAt))}-${id}`;
}

/** Of two times, the later one comes first as text. */
export function toInvertedTime(milliseconds: number): string {
  return String(MAX_TIME_MS - milliseconds).padStart(TIME_DIGITS, '0');
}

/** The id that a pointer's name ends in; undefined for another name. */
export function parsePointerName(name: string): string | undefined {
  return POINTER_NAME.exec(name)?.[1];
}

export function isRecordId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

type Decided = Omit<
  Verdict,
  'schema' | 'warnings' | 'attempts' | 'images' | 'policies' | 'decidedAt' | 'canonicalPullspec'
>;

/**
 * Names a decision by what was asked and what came out of it (design, "Registry pushes"), whenever and however often it
 * is made: the same decision again is the same record. Reason codes count as a set.
 *
 * @param inPlaceOf what was found where the record without it belongs: the record gets an id of its own
 * @returns SHA-256, lower-case hex
 */
export function toRecordId(asked: Omit<Asked, 'pullspec' | 'caller'>, verdict: Decided, inPlaceOf?: InPlaceOf): string {
  const { digest, pullspec, platforms, profile, mode, trustRevision, verifierVersion, outcome, forced, reasons } =
    verdict;
  const { judgedAs } = verdict;
  const { source, registry = null, repository = null, tag = null } = asked;
  // A pullspec can be spelled like a digest, so its kind goes with it; JSON keeps each part apart from the next.
  const subject = digest === undefined ? { pullspec } : { digest };
  const codes = [...new Set(reasons.map(({ code }) => code))].toSorted();
  const parts = [source, registry, repository, tag, subject, profile, mode, trustRevision, verifierVersion];
  // Left out where the caller named none, so that the ids of earlier records stay.
  const named = platforms === undefined ? [] : [platforms];
  const judged = judgedAs === undefined ? [] : [{ judgedAs }];
  const displaced =
    inPlaceOf === undefined
      ? []
      : [{ id: inPlaceOf.id, sha256: inPlaceOf.sha256 ?? null, nonce: inPlaceOf.nonce ?? null }];
  return hash('sha256', JSON.stringify([...parts, outcome, forced, codes, ...named, ...judged, ...displaced]));
}
