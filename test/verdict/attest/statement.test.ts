import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findAttestFault, toStatement } from '../../../lib/verdict/attest/statement.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { fixtureReleases } from '../../support/fixture-releases.ts';
import { forge, recordOfRelease, toStored } from './attest-setup.ts';

const accepted = await recordOfRelease();
const rejectedAt = fixtureReleases.findIndex(({ expected }) => expected !== 'accept');
const met = {
  document: 'policy.yaml',
  image: 'a',
  scope: 'docker:a',
  outcome: 'accepted',
  requirements: [],
} as const;
const warning = { code: 'RepositoryNotCanonical', message: 'warned' } as const;

function read(record: VerdictRecord, form: 'svr' | 'vsa'): Record<string, unknown> {
  return JSON.parse(Buffer.from(toStatement(toStored(record), form).payload).toString()) as Record<string, unknown>;
}

describe('what is attested', () => {
  test.each<[name: string, record: () => Promise<VerdictRecord> | VerdictRecord, fault: string | undefined]>([
    ['an accepted record', () => accepted, undefined],
    ['a rejected one', () => recordOfRelease(rejectedAt), 'the verdict is rejected'],
    ['an indeterminate one', () => forge(accepted, { outcome: 'indeterminate' }), 'the verdict is indeterminate'],
    ['one that was forced', () => recordOfRelease(rejectedAt, true), 'it was accepted by force'],
    ['one with a warning', () => forge(accepted, { warnings: [warning] }), 'it was accepted with a warning'],
    [
      'one about a component',
      () => forge(accepted, { judgedAs: 'component' }),
      'it is about a component, and not about a release',
    ],
    ['one without a canonical name', () => forge(accepted, { canonicalPullspec: undefined }), 'it names no digest'],
    [
      'one about platforms that the caller chose, of no index',
      () => forge(accepted, { platforms: ['linux/s390x'] }),
      undefined,
    ],
    [
      'one by an image policy of a version before per-image rules',
      () => ({ ...forge(accepted, { policies: [met] }), schema: 1 }),
      'it is of a version that did not look at the images of an index',
    ],
    [
      'one of a profile that verifies nothing',
      () => forge(accepted, { attempts: [] }),
      'no signature was verified for it',
    ],
  ])('%s', async (_, record, fault) => {
    const made = await record();
    expect(findAttestFault(made)).toBe(fault);
    if (fault !== undefined) expect(() => toStatement(toStored(made), 'svr')).toThrow('must not be attested');
  });
});

describe('a statement', () => {
  const { digest = '', trustRevision, decidedAt } = accepted.verdict;
  const head = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'quay.io/openshift-release-dev/ocp-release', digest: { sha256: digest.replace('sha256:', '') } }],
  };
  const reference = { id: accepted.id, digest: { sha256: hash('sha256', toStored(accepted).bytes) } };
  const policy = { uri: 'urn:signet:profile:ocp', digest: { sha256: trustRevision } };

  test('is a Simple Verification Result', () => {
    expect(read(accepted, 'svr')).toEqual({
      ...head,
      predicateType: 'https://in-toto.io/attestation/svr/v0.1',
      predicate: {
        verifier: { id: 'urn:signet:verifier:0.2.0', policy },
        timeCreated: decidedAt,
        properties: ['SIGNET_ACCEPTED', 'SIGNET_PROFILE_ocp', 'SIGNET_PULLSPEC_CANONICAL', 'SIGNET_RELEASE_KEYRING'],
        'urn:signet:record': reference,
      },
    });
  });

  test('is a Verification Summary on request, and claims no level', () => {
    expect(read(accepted, 'vsa')).toEqual({
      ...head,
      predicateType: 'https://slsa.dev/verification_summary/v1',
      predicate: {
        verifier: { id: 'urn:signet:verifier:0.2.0', version: { signet: '0.2.0' } },
        timeVerified: decidedAt,
        resourceUri: `oci://${head.subject[0]?.name}@${digest}`,
        policy,
        verificationResult: 'PASSED',
        verifiedLevels: [],
        'urn:signet:record': reference,
      },
    });
  });

  test('names image policies where all of them were met by a signature', () => {
    const image = `${head.subject[0]?.name}@${digest}`;
    const attempts = accepted.verdict.attempts.map((one) => ({ ...one, image }));
    const properties = (change: Partial<VerdictRecord['verdict']>): unknown => {
      return (read(forge(accepted, change), 'svr')['predicate'] as Record<string, unknown>)['properties'];
    };
    const common = ['SIGNET_ACCEPTED', 'SIGNET_PROFILE_ocp', 'SIGNET_PULLSPEC_CANONICAL'];
    expect(properties({ policies: [{ ...met, image }], attempts })).toEqual([...common, 'SIGNET_IMAGE_POLICY']);
    // What accepts anything vouches for nothing.
    expect(properties({ policies: [met] })).toEqual([...common, 'SIGNET_RELEASE_KEYRING']);
  });
});
