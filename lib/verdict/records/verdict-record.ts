import type { Digest } from '../../base/names/digest.ts';
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
}

/** Bytes of signatures that one record embeds: all that an acceptance rests on (`MAX_PROOF_BYTES`), then others. */
export const MAX_EMBEDDED_BYTES = MAX_PROOF_BYTES;
/** Bytes of a record. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;
