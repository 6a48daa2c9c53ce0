import type { NodeVersion } from './nodes.ts';
import { FIRST_SIGSTORE } from './nodes.ts';

/** How a registry holds a signature: by the `.sig` tag, as simple signing by referrers, or as a bundle by referrers. */
export type SignatureForm = 'tag' | 'referrer' | 'bundle';

/** Whether a client reads a form of signatures. `asked`: only with an option. */
export type Reading = 'yes' | 'asked' | 'no' | 'unknown';

/** A client, what it reads, and where that is written. */
export interface SignatureReader {
  readonly client: string;
  readonly reads: Readonly<Record<SignatureForm, Reading>>;
  /** Whether an image that is asked for by tag needs a signature that names this tag. By digest any tag will do. */
  readonly byTag: 'names the tag' | 'by digest';
  readonly note?: string | undefined;
  /** Where the fact is from. */
  readonly source: string;
}

const NODES =
  'containers/image docker/docker_image_src.go, appendSignaturesFromSigstoreAttachments (v5.22.0 to v5.42.1); podman-container-tools/container-libs#388';
/** Of the identity that policies and ClusterImagePolicies have by themselves. */
const NODE_IDENTITY = 'containers/image signature/policy_reference_match.go, prmMatchRepoDigestOrExact';
const NODE_CLIENT = 'CRI-O and podman of OpenShift ';
const BEFORE = 'containers/image before v5.22.0 has no use-sigstore-attachments';

/** The OpenShift minor versions that the table has a row for. */
const MINORS: readonly NodeVersion[] = [
  ...Array.from({ length: 18 }, (_, at) => ({ major: 4, minor: 6 + at })),
  { major: 5, minor: 0 },
];

function toNodeReader({ major, minor }: NodeVersion): SignatureReader {
  const isOld = major === FIRST_SIGSTORE.major && minor < FIRST_SIGSTORE.minor;
  return {
    client: `${NODE_CLIENT}${major}.${minor}`,
    reads: { tag: isOld ? 'no' : 'yes', referrer: 'no', bundle: 'no' },
    byTag: 'names the tag',
    source: isOld ? BEFORE : `${NODES}; ${NODE_IDENTITY}`,
  };
}

/** Which clients read which form of signatures, with the source of each fact. */
export const SIGNATURE_READERS: readonly SignatureReader[] = [
  {
    client: 'cosign 2',
    reads: { tag: 'yes', referrer: 'asked', bundle: 'asked' },
    byTag: 'by digest',
    note: 'referrers: COSIGN_EXPERIMENTAL=1 and --experimental-oci11; bundles: --new-bundle-format, by itself from 2.6 on, and then nothing but bundles',
    source:
      'cosign v2.6.5 pkg/cosign/verify.go (a tag is resolved first, and names are not compared), cmd/cosign/cli/verify/verify.go; tried with 2.6.5',
  },
  {
    client: 'cosign 3',
    reads: { tag: 'yes', referrer: 'asked', bundle: 'yes' },
    byTag: 'by digest',
    note: 'beside a bundle the tag is read with --new-bundle-format=false alone; referrers: --experimental-oci11',
    source:
      'cosign v3.1.3 pkg/cosign/verify.go (a tag is resolved first, and names are not compared), cmd/cosign/cli/verify/verify.go; tried with 3.1.3',
  },
  ...MINORS.map(toNodeReader),
  {
    client: 'RHACS 5.0',
    reads: { tag: 'yes', referrer: 'yes', bundle: 'yes' },
    byTag: 'by digest',
    note: 'earlier versions read the tag alone',
    source:
      'stackrox/stackrox pkg/signatures/cosign_payload_fetcher.go, cosign_sig_fetcher.go; #21908 (merged 2026-07-23)',
  },
  {
    client: 'Kyverno',
    reads: { tag: 'yes', referrer: 'asked', bundle: 'asked' },
    byTag: 'by digest',
    note: 'from 1.13 on; referrers: cosignOCI11: true, which finds no bundle; bundles: type: SigstoreBundle',
    source: 'kyverno/kyverno#10228, #10567 (milestone 1.13.0), #16854',
  },
  {
    client: 'policy-controller',
    reads: { tag: 'yes', referrer: 'no', bundle: 'asked' },
    byTag: 'by digest',
    note: 'bundles: signatureFormat: bundle, from 0.13 on, by a login alone and not by a key',
    source:
      'sigstore/policy-controller#1725, #1958, pkg/webhook/validator.go and validation.go (f925c0c1): referrers are read for attestations alone',
  },
  {
    client: 'oc-mirror v2',
    reads: { tag: 'yes', referrer: 'no', bundle: 'no' },
    byTag: 'by digest',
    note: 'it copies signatures: from 4.21 on by itself, in 4.19 and 4.20 with --remove-signatures=false; signet mirror sigstore copies every form',
    source:
      'openshift/openshift-docs modules/oc-mirror-signature-mirroring.adoc (tag-based signatures), #92710 (4.19), #104833 (4.21)',
  },
];

/** Clients by what they do with the signatures of an image. */
export type Readers = Readonly<Record<Reading, readonly string[]>>;

const BEST_FIRST: readonly Reading[] = ['yes', 'asked', 'unknown', 'no'];

/** How an image is asked for: by its digest, or by a tag, which its signatures name or do not. */
type Asked = 'by digest' | 'by a tag that is named' | 'by a tag that is not named';

/**
 * Who reads the signatures of images, of which each has at least one in one of its forms. A client reads an image when it
 * reads one of the forms, and several images when it reads every one.
 */
export function listReaders(images: readonly (readonly SignatureForm[])[], asked: Asked = 'by digest'): Readers {
  const found: Record<Reading, string[]> = { yes: [], asked: [], no: [], unknown: [] };
  for (const { client, reads, byTag } of SIGNATURE_READERS) {
    if (asked === 'by a tag that is not named' && byTag === 'names the tag') {
      found.no.push(client);
      continue;
    }
    const ranks = images.map((forms) => Math.min(...forms.map((form) => BEST_FIRST.indexOf(reads[form]))));
    const reading = BEST_FIRST[Math.max(...ranks)];
    if (reading !== undefined) found[reading].push(client);
  }
  return found;
}

/** Clients that read an image by its digest, and not by this tag. */
export function listLost({ yes }: Readers, byTag: Readers): readonly string[] {
  return yes.filter((client) => byTag.no.includes(client));
}

/** The clients in a line, the minors of OpenShift as a range. */
export function describeClients(clients: readonly string[]): string {
  const minors = clients.filter((client) => client.startsWith(NODE_CLIENT)).map((one) => one.slice(NODE_CLIENT.length));
  const others = clients.filter((client) => !client.startsWith(NODE_CLIENT));
  const [first, last] = [minors[0], minors.at(-1)];
  if (first === undefined || last === undefined) return others.join(', ');
  return [...others, `${NODE_CLIENT}${first === last ? first : `${first} to ${last}`}`].join(', ');
}
