/** A message of the cluster-version operator, and the minor versions of 4 that write it. */
export interface OperatorMessage {
  readonly since: number;
  readonly until: number;
  /** What it says: the states and faults of the release. */
  readonly states: readonly string[];
  readonly faults: readonly string[];
  /** False where the message itself names no image. */
  readonly isNamed: boolean;
  readonly write: (release: SampleRelease) => string;
}

export interface SampleRelease {
  readonly version: string;
  readonly image: string;
  readonly digest: string;
}

/** The last minor version of 4. */
export const LAST = 23;
const UNSIGNED = 'unable to locate a valid signature for one or more sources';
const unverified = ({ digest }: SampleRelease): string =>
  `unable to verify ${digest} against keyrings: verifier-public-key-redhat`;

const refused = { states: ['refused'], isNamed: true } as const;

/** As pkg/cvo and pkg/verify of the release branches have them. */
export const OPERATOR_MESSAGES: readonly OperatorMessage[] = [
  {
    ...refused,
    since: 1,
    until: 11,
    faults: [],
    write: ({ digest }) =>
      `I0410 15:12:41.614273       1 verify.go:298] Unable to verify ${digest} against keyring verifier-public-key-redhat`,
  },
  {
    ...refused,
    since: 1,
    until: 11,
    faults: ['unsigned'],
    isNamed: false,
    write: () => `The update cannot be verified: ${UNSIGNED}`,
  },
  {
    ...refused,
    since: 1,
    until: 11,
    faults: ['unsigned'],
    isNamed: false,
    write: ({ version }) =>
      `Running sync ${version} (force=false) on generation 2 in state Updating at attempt 3\nE0410 15:12:41.614738       1 sync_worker.go:329] unable to synchronize image (waiting 2m52.525702462s): The update cannot be verified: ${UNSIGNED}`,
  },
  {
    since: 1,
    until: 9,
    states: ['forced'],
    faults: ['unsigned'],
    isNamed: true,
    write: ({ image }) =>
      `W0410 15:12:41.614738       1 updatepayload.go:100] An image was retrieved from "${image}" that failed verification: The update cannot be verified: ${UNSIGNED}`,
  },
  {
    ...refused,
    since: 1,
    until: LAST,
    faults: [],
    isNamed: false,
    write: ({ version }) => `Unable to apply ${version}: the image may not be safe to use`,
  },
  {
    since: 1,
    until: LAST,
    states: ['not-downloaded'],
    faults: ['download'],
    isNamed: false,
    write: () => 'Unable to download and prepare the update: deadline exceeded, reason: "DeadlineExceeded"',
  },
  {
    ...refused,
    since: 1,
    until: LAST,
    faults: ['not-by-digest'],
    isNamed: false,
    write: () => 'The update cannot be verified: release images that are not accessed via digest cannot be verified',
  },
  {
    ...refused,
    since: 1,
    until: LAST,
    faults: ['no-trust'],
    isNamed: false,
    write: () =>
      'The update cannot be verified: the release verifier is incorrectly configured, unable to verify digests',
  },
  {
    ...refused,
    since: 6,
    until: 8,
    faults: ['unsigned'],
    write: ({ version, image }) =>
      `retrieving payload failed version="${version}" image="${image}" failure=The update cannot be verified: ${UNSIGNED}`,
  },
  {
    ...refused,
    since: 9,
    until: 11,
    faults: ['unsigned'],
    write: ({ version, image }) =>
      `Retrieving payload failed version="${version}" image="${image}" failure=The update cannot be verified: ${UNSIGNED}`,
  },
  {
    ...refused,
    since: 12,
    until: LAST,
    faults: [],
    write: (release) =>
      `Retrieving payload failed version="${release.version}" image="${release.image}" failure=The update cannot be verified: ${unverified(release)}`,
  },
  {
    ...refused,
    since: 12,
    until: LAST,
    faults: [],
    write: (release) =>
      `W1122 10:11:12.131415       1 updatepayload.go:143] Retrieving payload failed version="${release.version}" image="${release.image}" failure=The update cannot be verified: ${unverified(release)} // [2026-11-22T09:00:00Z: prefix ${release.digest.replace(':', '-')} in config map signatures-managed: no more signatures to check]`,
  },
  {
    since: 12,
    until: LAST,
    states: ['forced'],
    faults: [],
    isNamed: true,
    write: (release) =>
      `Target release version="${release.version}" image="${release.image}" cannot be verified, but continuing anyway because the update was forced: ${unverified(release)}`,
  },
  {
    ...refused,
    since: 12,
    until: LAST,
    faults: [],
    write: (release) =>
      `ReleaseAccepted=False\n\n  Reason: RetrievePayload\n  Message: Retrieving payload failed version="${release.version}" image="${release.image}" failure=The update cannot be verified: ${unverified(release)}\n`,
  },
  {
    since: 10,
    until: LAST,
    states: ['retrieving'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) => `Retrieving and verifying payload version="${version}" image="${image}"`,
  },
  {
    since: 6,
    until: 9,
    states: ['retrieving'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) => `retrieving payload version="${version}" image="${image}"`,
  },
  {
    since: 6,
    until: 9,
    states: ['not-loaded'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) =>
      `verifying payload failed version="${version}" image="${image}" failure=the manifest is broken`,
  },
  {
    since: 6,
    until: 9,
    states: ['preconditions-failed'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) =>
      `preconditions failed for payload loaded version="${version}" image="${image}" failures=Precondition "ClusterVersionUpgradeable" failed`,
  },
  {
    since: 10,
    until: LAST,
    states: ['preconditions-failed'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) =>
      `Preconditions failed for payload loaded version="${version}" image="${image}": Precondition "EtcdRecentBackup" failed`,
  },
  {
    since: 6,
    until: LAST,
    states: ['retrieving'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) => `preconditions passed for payload loaded version="${version}" image="${image}"`,
  },
  {
    since: 10,
    until: LAST,
    states: ['other-version'],
    faults: [],
    isNamed: true,
    write: ({ version, image }) =>
      `Verifying payload failed version="${version}" image="${image}" failure=release image version 4.0.1 does not match the expected upstream version ${version}`,
  },
  {
    since: 1,
    until: LAST,
    states: ['not-downloaded'],
    faults: [],
    isNamed: false,
    write: ({ version }) => `Unable to apply ${version}: could not download the update`,
  },
  {
    since: 4,
    until: LAST,
    states: [],
    faults: [],
    isNamed: true,
    write: ({ digest }) =>
      `I0410 15:12:41.447893       1 configmap.go:116] searching for ${digest.replace(':', '-')} in signature config map signatures-managed`,
  },
  {
    since: 5,
    until: LAST,
    states: [],
    faults: [],
    isNamed: true,
    write: ({ digest }) =>
      `I0410 15:12:41.447893       1 verify.go:160] keyring "verifier-public-key-redhat" could not verify signature for ${digest}: signature error: openpgp: signature made by unknown entity`,
  },
  {
    ...refused,
    since: 12,
    until: LAST,
    faults: ['digest-invalid'],
    isNamed: false,
    write: () => 'The update cannot be verified: the provided release image digest has an invalid format: "sha256:"',
  },
];
