import { describe, expect, test } from 'vitest';
import { explainText } from '../../../lib/cluster/explain/explain-text.ts';

const DIGEST = `sha256:${'06ff'.repeat(16)}`;
const OTHER = `sha256:${'1a2b'.repeat(16)}`;
const IMAGE = `mirror.example/openshift/release-images@${DIGEST}`;

describe('releases', () => {
  test.each<[string, string, readonly string[], readonly string[]]>([
    [
      'a tag, as the operator says it',
      `Retrieving payload failed version="" image="quay.io/o/release:4.12" failure=The update cannot be verified: release images that are not accessed via digest cannot be verified`,
      ['refused'],
      ['not-by-digest'],
    ],
    [
      'a tag, as Hive’s webhook says it',
      'spec.releaseImage: Invalid value: "quay.io/o/release:4.12": only digest based release images are supported since release verification is required',
      ['refused'],
      ['not-by-digest'],
    ],
    [
      'a verifier without trust',
      'the release verifier is incorrectly configured, unable to verify digests',
      ['refused'],
      ['no-trust'],
    ],
    [
      'a digest that is none',
      'the provided release image digest has an invalid format: "sha256:"',
      ['refused'],
      ['digest-invalid'],
    ],
    [
      'a download that failed',
      `Retrieving payload failed version="4.16.1" image="${IMAGE}" failure=Unable to download and prepare the update: deadline exceeded, reason: "DeadlineExceeded"`,
      ['not-downloaded'],
      ['download'],
    ],
    ['one that is under way', `Retrieving and verifying payload version="4.16.1" image="${IMAGE}"`, ['retrieving'], []],
    ['one that was loaded', `Payload loaded version="4.16.1" image="${IMAGE}" architecture="amd64"`, ['loaded'], []],
    [
      'another version in it',
      `Verifying payload failed version="4.16.1" image="${IMAGE}" failure=release image version 4.16.2 does not match the expected upstream version 4.16.1`,
      ['other-version'],
      [],
    ],
  ])('%s', (_, text, states, faults) => {
    const { releases, notUnderstood } = explainText(text);
    expect(notUnderstood).toEqual([]);
    expect(releases).toHaveLength(1);
    expect(releases[0]?.states).toEqual(states);
    expect(releases[0]?.faults.map(({ fault }) => fault)).toEqual(faults);
  });

  test('Hive’s log: fields name what the sentence is about', () => {
    const { releases, notUnderstood } = explainText(
      `time="2026-11-22T00:00:00Z" level=error msg="Verification of release image failed" error="unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat" releaseDigest="${DIGEST}" releaseImage="${IMAGE}"`,
    );
    expect(notUnderstood).toEqual([]);
    expect(releases).toMatchObject([{ digest: DIGEST, image: IMAGE, keyrings: ['verifier-public-key-redhat'] }]);
  });

  test('a name on another line names nothing', () => {
    const { releases } = explainText(`verification is not possible\nreleaseImage="${IMAGE}"\n`);
    expect(releases).toMatchObject([{ states: ['refused'] }]);
    expect(releases[0]).not.toHaveProperty('image');
  });

  test('a list whose end was cut off: what is whole counts, the rest is given back', () => {
    const text = `unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat // [2026-11-22T00:00:00Z: signature digest does not match, 2026-11-22T00:00:00Z: unable to retrieve signature from https://s.example/sha256=06`;
    const { releases, notUnderstood } = explainText(text);
    expect(releases[0]?.asked.map((one) => one.text)).toEqual(['signature digest does not match']);
    expect(notUnderstood).toEqual(['unable to retrieve signature from https://s.example/sha256=06']);
  });

  test('an answer about another digest is another release’s', () => {
    const text = `unable to verify ${DIGEST} against keyrings: verifier-public-key-a // 2026-11-22T00:00:00Z: prefix ${OTHER.replace(':', '-')} in config map x: no more signatures to check`;
    expect(explainText(text).releases.map(({ digest, asked }) => [digest, asked.length])).toEqual([
      [DIGEST, 0],
      [OTHER, 1],
    ]);
  });

  test('a digest in unknown words is mentioned, and nothing is said of it', () => {
    const text = `the frobnicator dislikes ${DIGEST} today`;
    expect(explainText(text)).toEqual({
      releases: [],
      pulls: [],
      gates: [],
      mentioned: [DIGEST],
      notUnderstood: [text],
      otherMessages: 0,
    });
  });

  test('YAML of a ClusterVersion: messages and accepted risks, and how many are about other things', () => {
    const yaml = [
      'apiVersion: config.openshift.io/v1',
      'kind: ClusterVersion',
      'metadata: {name: version}',
      'status:',
      '  conditions:',
      '  - {type: Available, message: Done applying 4.16.0}',
      `  - {type: ReleaseAccepted, message: 'Retrieving payload failed version="4.16.1" image="${IMAGE}" failure=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat'}`,
      '  history:',
      `  - {image: 'quay.io/o/r@${OTHER}', verified: false, acceptedRisks: 'Target release version="" image="quay.io/o/r@${OTHER}" cannot be verified, but continuing anyway because the update was forced: unable to verify ${OTHER} against keyrings: verifier-public-key-redhat'}`,
    ].join('\n');
    const { releases, otherMessages, notUnderstood } = explainText(yaml);
    expect(releases.map(({ digest, states }) => [digest, states])).toEqual([
      [DIGEST, ['refused']],
      [OTHER, ['forced']],
    ]);
    expect([otherMessages, notUnderstood]).toEqual([1, []]);
  });
});

describe('images that nodes did not run', () => {
  const pulled = `Failed to pull image "${IMAGE}": rpc error: code = Unknown desc = `;
  test.each<[string, string, string]>([
    [
      'no signature',
      `${pulled}SignatureValidationFailed: Source image rejected: A signature was required, but no signature exists`,
      'no-signature',
    ],
    [
      'no signature of that kind',
      `${pulled}Source image rejected: A signature was required, but no signature exists (1 non-sigstore signatures, 0 sigstore non-signature attachments)`,
      'no-signature',
    ],
    [
      'rejected',
      `${pulled}Source image rejected: Running image docker://${IMAGE} is rejected by policy.`,
      'rejected-by-policy',
    ],
    [
      'identity',
      `${pulled}Source image rejected: Signature for identity "quay.io/o/r:4.16" is not accepted`,
      'identity',
    ],
    [
      'cryptography',
      `${pulled}Source image rejected: cryptographic signature verification failed: invalid signature when validating ASN.1 encoded signature`,
      'bad-signature',
    ],
    [
      'gpg',
      `${pulled}Source image rejected: Invalid GPG signature: gpgme.Signature{Summary:128, Fingerprint:"1AC4971355A34A82", Status:gpgme.Error{err:0x9}}`,
      'key',
    ],
    ['e-mail', `${pulled}Source image rejected: Required email "a@b.example" not found (got ["c@d.example"])`, 'email'],
    [
      'the kubelet’s condition',
      `image pull failed for ${IMAGE} because the signature validation failed: Source image rejected: A signature was required, but no signature exists`,
      'no-signature',
    ],
    [
      'a log line, whose image comes last',
      `E0511 11:45:26.564440  898082 remote_image.go:167] "PullImage from image service failed" err="rpc error: code = Unknown desc = copying system image from manifest list: Source image rejected: A signature was required, but no signature exists" image="${IMAGE}"`,
      'no-signature',
    ],
    [
      'a registry',
      `${pulled}reading manifest ${DIGEST} in mirror.example/openshift/release-images: manifest unknown`,
      'registry',
    ],
  ])('%s', (_, text, fault) => {
    const { pulls, notUnderstood, releases } = explainText(text);
    expect(notUnderstood).toEqual([]);
    expect(releases).toEqual([]);
    expect(pulls).toMatchObject([{ image: IMAGE, digest: DIGEST, faults: [{ fault }] }]);
  });

  test('several reasons', () => {
    const text = `${pulled}Source image rejected: None of the signatures were accepted, reasons: Signature for identity "quay.io/o/r:4.16" is not accepted; cryptographic signature verification failed: x`;
    expect(explainText(text).pulls[0]?.faults.map(({ fault }) => fault)).toEqual(['identity', 'bad-signature']);
  });

  test('a fault on the next line is not that image’s', () => {
    const text = `Pulling image "${IMAGE}"\nSource image rejected: A signature was required, but no signature exists\n`;
    const { pulls } = explainText(text);
    expect(pulls).toHaveLength(1);
    expect(pulls[0]).not.toHaveProperty('image');
  });
});

describe('objects say more than their messages', () => {
  const toVersion = (condition: object, history: readonly object[] = []): string =>
    JSON.stringify({
      apiVersion: 'config.openshift.io/v1',
      kind: 'ClusterVersion',
      status: { desired: { image: IMAGE, version: '4.7.1' }, conditions: [condition], history },
    });
  const failing = { type: 'Failing', status: 'True', reason: 'ImageVerificationFailed' };

  test('a message without an image is about the release that is wanted', () => {
    const message = 'The update cannot be verified: unable to locate a valid signature for one or more sources';
    const { releases } = explainText(toVersion({ ...failing, message }));
    expect(releases).toMatchObject([{ digest: DIGEST, image: IMAGE, version: '4.7.1', states: ['refused'] }]);
  });

  test('a reason counts where no words of the message are known', () => {
    const { releases } = explainText(toVersion({ ...failing, message: 'in the words of a version to come' }));
    expect(releases).toMatchObject([{ digest: DIGEST, states: ['refused'] }]);
    const other = explainText(toVersion({ ...failing, reason: 'ClusterOperatorDegraded', message: 'x' }));
    expect(other.releases).toEqual([]);
  });

  test('an update that was completed and not verified was forced; the installation was not', () => {
    const entry = (digest: string, more: object) => ({ image: `quay.io/o/r@${digest}`, version: '4.6.1', ...more });
    const history = [
      entry(DIGEST, { state: 'Partial', verified: false }),
      entry(OTHER, { state: 'Completed', verified: false }),
      entry(`sha256:${'0'.repeat(64)}`, { state: 'Completed', verified: true }),
      entry(`sha256:${'1'.repeat(64)}`, { state: 'Completed', verified: false }),
    ];
    const { releases } = explainText(toVersion({ type: 'Available', message: 'Done applying 4.6.1' }, history));
    expect(releases.map(({ digest, states }) => [digest, states])).toEqual([[OTHER, ['forced']]]);
  });

  test('a HostedCluster: what is said of its release is for the hosted cluster', () => {
    const text = JSON.stringify({
      apiVersion: 'hypershift.openshift.io/v1beta1',
      kind: 'HostedCluster',
      metadata: { name: 'a', namespace: 'clusters' },
      status: { conditions: [{ message: `unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat` }] },
    });
    expect(explainText(text).releases).toMatchObject([{ digest: DIGEST, hosted: 'clusters/a' }]);
  });
});

test('repeated lines are one, of whatever they are', () => {
  const line = `2024/04/18 17:41:33  [ERROR]  : unexpected EOF\nthe weather is fine\nverification is not possible\n`;
  const { releases, notUnderstood } = explainText(line.repeat(3));
  expect(releases.map(({ states }) => states)).toEqual([['not-mirrored'], ['refused']]);
  expect(notUnderstood).toEqual(['the weather is fine']);
});
