import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import { type AttachmentReader, toReferrersTag } from '../../../lib/registry/attachments/attachment.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { evaluatePolicies } from '../../../lib/verdict/decide/evaluate-policies.ts';
import { makeBundle, toStatement } from '../../crypto/sigstore/make-bundle.ts';
import { type KeyPair, makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { makePrehashed } from '../../crypto/sigstore/make-prehashed.ts';
import {
  makeRekorSet,
  OTHER_SIGNER,
  REKOR,
  signContent,
  toPayload,
  toPem,
} from '../../crypto/sigstore/make-signature.ts';
import { EMPTY, EMPTY_CONFIG, makeImage, NOW, RELEASES, wrapBundle } from '../../mirror/check/mirror-setup.ts';
import { type Beside, readBeside } from '../../registry/attachments/memory-attachments.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { file, profile } from '../../trust/sample-documents.ts';

/**
 * Every form that a registry holds beside an image, by every kind of key, on a registry with the referrers API and one
 * without: verified as it is, and each change with its own code.
 */

type Sign = (content: Uint8Array) => Uint8Array;
interface Signer {
  readonly keys: KeyPair;
  readonly sign: Sign;
}

const byNode = (keys: KeyPair): Signer => ({
  keys,
  sign: (content) => Buffer.from(signContent(content, keys), 'base64'),
});
const KINDS: readonly (readonly [name: string, make: () => Signer])[] = [
  ['P-256', () => byNode(makeKeys())],
  ['P-384', () => byNode(makeKeys('P-384'))],
  ['P-521', () => byNode(makeKeys('P-521'))],
  ['RSA', () => byNode(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
  ['Ed25519', () => byNode(generateKeyPairSync('ed25519'))],
  ['Ed25519ph', makePrehashed],
  ['ML-DSA-44', () => byNode(generateKeyPairSync('ml-dsa-44'))],
  ['ML-DSA-65', () => byNode(generateKeyPairSync('ml-dsa-65'))],
  ['ML-DSA-87', () => byNode(generateKeyPairSync('ml-dsa-87'))],
];
const FORMS = ['tag', 'referrer', 'bundle'] as const;
type Form = (typeof FORMS)[number];

const image = makeImage('forms by key');
const { digest } = image;
const OTHER = parseDigest(makeImage('another').digest);

/** What is laid beside the image; the rest is right. */
interface Laid {
  readonly digest?: Digest;
  readonly reference?: string;
  /** Which octet is changed after it was signed. */
  readonly flips?: 'payload' | 'signature';
  readonly log?: KeyPair;
  readonly logged?: 'another signature';
}

/** Another octet in the middle. */
function flip(bytes: Uint8Array): Buffer {
  const changed = Buffer.from(bytes);
  const at = Math.floor(changed.length / 2);
  changed.writeUInt8((changed.readUInt8(at) ^ 1) & 0xff, at);
  return changed;
}

function layTag({ keys, sign }: Signer, laid: Laid) {
  const { digest: of = digest, reference = `${RELEASES}@${of}`, flips, log, logged } = laid;
  const payload = toPayload(reference, of);
  const own = Buffer.from(sign(payload));
  const signature = (flips === 'signature' ? flip(own) : own).toString('base64');
  const stored = flips === 'payload' ? flip(payload) : payload;
  const entry = { pem: toPem(keys.publicKey), signature: logged === undefined ? signature : 'AAAA', payload };
  const annotations = {
    'dev.cosignproject.cosign/signature': signature,
    ...(log === undefined ? {} : { 'dev.sigstore.cosign/bundle': makeRekorSet({ rekor: log, ...entry }) }),
  };
  const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const layers = [{ mediaType, digest: toDigest(stored), size: stored.length, annotations }];
  return { layers, blobs: [EMPTY, stored] };
}

function layBundle({ keys, sign }: Signer, { digest: of = digest, flips, log, logged }: Laid) {
  const flipMember = (member: string) => (text: string) =>
    text.replace(new RegExp(`"${member}":"([^"]+)"`), (_, encoded: string) => {
      return `"${member}":"${flip(Buffer.from(encoded, 'base64')).toString('base64')}"`;
    });
  const change = flips === undefined ? undefined : flipMember(flips === 'payload' ? 'payload' : 'sig');
  const elsewhere = { payload: Buffer.from('other'), signature: 'AAAA' };
  const bundle = makeBundle({
    keys,
    signBy: sign,
    statement: toStatement([of]),
    logs: log === undefined ? [] : [log],
    ...(logged === undefined ? {} : { logged: elsewhere }),
    ...(change === undefined ? {} : { change }),
  });
  return wrapBundle(digest, bundle);
}

function lay(form: Form, signer: Signer, laid: Laid): Beside {
  if (form === 'bundle') return { referrers: [layBundle(signer, laid)] };
  const { layers, blobs } = layTag(signer, laid);
  const base = { schemaVersion: 2, mediaType: OCI_MANIFEST };
  if (form === 'tag')
    return { tag: { bytes: Buffer.from(JSON.stringify({ ...base, config: EMPTY_CONFIG, layers })), blobs } };
  const artifactType = 'application/vnd.dev.cosign.artifact.sig.v1+json';
  const subject = { mediaType: OCI_MANIFEST, digest, size: 1 };
  const config = { ...EMPTY_CONFIG, mediaType: artifactType };
  return {
    referrers: [{ bytes: Buffer.from(JSON.stringify({ ...base, artifactType, config, layers, subject })), blobs }],
  };
}

/** The same in a registry without the API: the index under the image's tag lists what refers to it. */
function withoutApi(reader: AttachmentReader, { referrers = [] }: Beside): AttachmentReader {
  const manifests = referrers.map(({ bytes }) => ({
    mediaType: OCI_MANIFEST,
    digest: toDigest(bytes),
    size: bytes.length,
  }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  return {
    ...reader,
    listReferrers: async () => undefined,
    async readManifest(repository, reference, signal) {
      if (reference !== toReferrersTag(parseDigest(digest)) || manifests.length === 0) {
        return await reader.readManifest(repository, reference, signal);
      }
      return { bytes, mediaType: OCI_INDEX, digest: parseDigest(toDigest(bytes)) };
    },
  };
}

async function decide(beside: Beside, prepared: PreparedTrust, hasApi: boolean) {
  const reader = readBeside(digest, beside);
  const { judgement, attempts } = await evaluatePolicies({
    repository: parseRepository(RELEASES),
    digest,
    prepared,
    lookaside: createAttachmentStore(async () => (hasApi ? reader : withoutApi(reader, beside))),
    manifests: {
      readManifest: async () => ({ bytes: image.bytes, mediaType: OCI_MANIFEST, digest: toDigest(image.bytes) }),
    },
    now: NOW,
    signal: new AbortController().signal,
  });
  const codes = attempts.map(({ code }) => code).filter((code) => code !== 'SignatureNotFound');
  return [judgement?.outcome, ...codes];
}

async function trustKey({ publicKey }: KeyPair, rekor?: KeyPair, bundleIdentity = 'digest'): Promise<PreparedTrust> {
  const toData = (key: KeyPair['publicKey']) => Buffer.from(toPem(key)).toString('base64');
  const logged = rekor === undefined ? {} : { rekorPublicKeyData: toData(rekor.publicKey) };
  const requirement = { type: 'sigstoreSigned', keyData: toData(publicKey), ...logged };
  return await prepareTrust('acme', [
    file('profile.yaml', profile({ canonicalRepositories: [RELEASES], bundleIdentity })),
    file('policy.json', JSON.stringify({ default: [requirement] })),
  ]);
}

const OTHERS = 'registry.example.com/other/release';
const log = REKOR;
const ROWS: readonly {
  name: string;
  laid: Laid;
  code: string;
  rekor?: KeyPair;
  of?: 'others' | 'bundle identity';
  forms?: readonly Form[];
}[] = [
  { name: 'as it is', laid: {}, code: 'Verified' },
  { name: 'an octet of what was signed', laid: { flips: 'payload' }, code: 'SignatureInvalid' },
  { name: 'an octet of the signature', laid: { flips: 'signature' }, code: 'SignatureInvalid' },
  { name: 'another key of its kind', laid: {}, code: 'SignatureInvalid', of: 'others' },
  { name: 'another digest', laid: { digest: OTHER }, code: 'DigestMismatch' },
  {
    name: 'another identity',
    laid: { reference: `${OTHERS}:1` },
    code: 'IdentityMismatch',
    forms: ['tag', 'referrer'],
  },
  {
    name: 'no identity, where one is asked for',
    laid: {},
    code: 'IdentityMismatch',
    of: 'bundle identity',
    forms: ['bundle'],
  },
  { name: 'logged', laid: { log }, code: 'Verified', rekor: REKOR },
  { name: 'logged, and nobody asks', laid: { log: OTHER_SIGNER }, code: 'Verified' },
  { name: 'logged by another log', laid: { log: OTHER_SIGNER }, code: 'LogEntryInvalid', rekor: REKOR },
  {
    name: 'another signature logged',
    laid: { log, logged: 'another signature' },
    code: 'LogEntryInvalid',
    rekor: REKOR,
  },
  { name: 'a bundle, not logged', laid: {}, code: 'LogEntryInvalid', rekor: REKOR, forms: ['bundle'] },
];

describe.each(KINDS)('%s', (kind, make) => {
  const signer = make();
  const other = make();

  test.each(
    ROWS.flatMap((row) =>
      (row.forms ?? FORMS).flatMap((form) => [true, false].map((hasApi) => ({ ...row, form, hasApi }))),
    ),
  )('$form, by the referrers API: $hasApi, $name: $code', async ({ form, hasApi, laid, code, rekor, of }) => {
    const prepared = await trustKey(
      of === 'others' ? other.keys : signer.keys,
      rekor,
      of === 'bundle identity' ? 'refuse' : undefined,
    );
    // In simple signing only pure Ed25519 counts, as for nodes; which key it is by is known all the same.
    const isUnsupported = kind === 'Ed25519ph' && form !== 'bundle' && code !== 'SignatureInvalid';
    const expected = isUnsupported ? 'SignatureUnsupported' : code;
    const outcome = expected === 'Verified' ? 'accepted' : 'rejected';
    expect(await decide(lay(form, signer, laid), prepared, hasApi)).toEqual([outcome, expected]);
  });
});
