import { hash } from 'node:crypto';
import { parseDigest } from '../../base/names/digest.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import type { Signable } from '../../crypto/attestation/envelope.ts';
import { STATEMENT_TYPE } from '../../crypto/sigstore/statement.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { VerdictRecord } from '../records/verdict-record.ts';

/** The forms of an attestation: Simple Verification Result, and Verification Summary of SLSA. */
export const PREDICATES = {
  svr: 'https://in-toto.io/attestation/svr/v0.1',
  vsa: 'https://slsa.dev/verification_summary/v1',
} as const;
export type AttestationForm = keyof typeof PREDICATES;

/** A record, and the bytes in which it is stored. */
export interface StoredBytes {
  readonly record: VerdictRecord;
  readonly bytes: Uint8Array;
}

/** A member of a predicate that is Signet's own: its name is a URI, as in-toto wants of an extension. */
export const RECORD_MEMBER = 'urn:signet:record';

/**
 * Why a record must not be attested; undefined if it may. Whoever looks for an attestation of an image often looks no
 * further: so there is none that says anything else than that signatures of the image verified.
 */
export function findAttestFault({ schema, verdict }: VerdictRecord): string | undefined {
  const { judgedAs, outcome, forced, warnings, digest, attempts, canonicalPullspec } = verdict;
  const { platforms, images, policies = [] } = verdict;
  if (judgedAs !== undefined) return 'it is about a component, and not about a release';
  if (outcome !== 'accepted') return `the verdict is ${outcome}`;
  if (forced) return 'it was accepted by force';
  if (warnings.length > 0) return 'it was accepted with a warning';
  if (digest === undefined || canonicalPullspec === undefined) return 'it names no digest';
  // A statement names the whole index, and whoever reads it may run any image of it.
  if (platforms !== undefined && images !== undefined) return CHOSEN;
  if (schema === 1 && policies.length > 0) return 'it is of a version that did not look at the images of an index';
  return attempts.some(({ code }) => code === 'Verified') ? undefined : 'no signature was verified for it';
}

const CHOSEN = 'whoever asked chose the platforms: other images of the index were not judged';

/**
 * What is signed for a record: an in-toto statement about its image, by digest, with the repository as its name. It is the
 * same whenever it is made.
 *
 * @throws TypeError for a record that {@link findAttestFault} refuses
 */
export function toStatement(stored: StoredBytes, form: AttestationForm): Signable {
  const { verdict } = stored.record;
  const { digest, repository } = parsePullspec(verdict.canonicalPullspec ?? verdict.pullspec);
  if (digest === undefined || findAttestFault(stored.record) !== undefined) {
    throw new TypeError(`the record ${stored.record.id} must not be attested`);
  }
  const [algorithm = '', hex = ''] = parseDigest(digest).split(':');
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: repository, digest: { [algorithm]: hex } }],
    predicateType: PREDICATES[form],
    predicate: form === 'svr' ? toResult(stored) : toSummary(stored, `oci://${repository}@${digest}`),
  };
  return { payloadType: STATEMENT_TYPE, payload: Buffer.from(JSON.stringify(statement)) };
}

function toResult(stored: StoredBytes): object {
  const { verdict } = stored.record;
  return {
    verifier: { id: toVerifierId(verdict), policy: toPolicy(verdict) },
    timeCreated: verdict.decidedAt,
    properties: listProperties(verdict),
    [RECORD_MEMBER]: toReference(stored),
  };
}

/** It says nothing about how the image was built: no level was verified, and none is claimed. */
function toSummary(stored: StoredBytes, resourceUri: string): object {
  const { verdict } = stored.record;
  const [name = '', version = ''] = verdict.verifierVersion.split('/');
  return {
    verifier: { id: toVerifierId(verdict), version: { [name]: version } },
    timeVerified: verdict.decidedAt,
    resourceUri,
    policy: toPolicy(verdict),
    verificationResult: 'PASSED',
    verifiedLevels: [],
    [RECORD_MEMBER]: toReference(stored),
  };
}

/** `signet/0.2.0` becomes `urn:signet:verifier:0.2.0`: another version may verify otherwise. */
function toVerifierId({ verifierVersion }: Verdict): string {
  return `urn:signet:verifier:${verifierVersion.slice(verifierVersion.indexOf('/') + 1)}`;
}

function toPolicy({ profile, trustRevision }: Verdict): object {
  return { uri: `urn:signet:profile:${profile}`, digest: { sha256: trustRevision } };
}

/** Of the record that the evidence is in. */
function toReference({ record: { id }, bytes }: StoredBytes): object {
  return { id, digest: { sha256: hash('sha256', bytes) } };
}

/** What was verified, by what required it. */
function listProperties({ profile, attempts, policies = [] }: Verdict): readonly string[] {
  const verified = attempts.filter(({ code }) => code === 'Verified');
  const hasKeyring = verified.some(({ image }) => image === undefined);
  // The verdict is accepted, and so each of them is met; what accepts anything vouches for nothing.
  const hasPolicy = policies.length > 0 && verified.some(({ image }) => image !== undefined);
  const names = [
    'ACCEPTED',
    `PROFILE_${profile}`,
    'PULLSPEC_CANONICAL',
    ...(hasKeyring ? ['RELEASE_KEYRING'] : []),
    ...(hasPolicy ? ['IMAGE_POLICY'] : []),
  ];
  // The specification wants the framework before each.
  return names.map((name) => `SIGNET_${name}`);
}
