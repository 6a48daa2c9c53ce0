import { describe, expect, test } from 'vitest';
import { StoreError, type StoreErrorCode } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { copyAttachments } from '../../../lib/mirror/sigstore/copy-attachments.ts';
import type { ExtensionRegistries } from '../../../lib/mirror/sigstore/copy-openpgp.ts';
import type { ReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import { DIGEST, NAME, NOW } from '../../registry/images/image-setup.ts';
import { openMessage, reframeMessage } from '../../support/reframe-message.ts';
import {
  bySecond,
  bySigner,
  OTHER_NAME,
  policyOf,
  readPolicyTrust,
  second,
  signer,
  sigstore,
  stranger,
} from '../../verdict/decide/policy-setup.ts';
import { createMemoryRegistry } from './memory-registry.ts';

const good = signer.sign();
const goodSecond = second.sign();
const FROM = parseRepository(NAME);
const TO = parseRepository('mirror.example.com/signet/app');
const { signal } = new AbortController();

const plain = await readPolicyTrust({ policy: policyOf([bySigner]) });
const either = await readPolicyTrust({ policy: policyOf([bySigner, bySecond]) });
const unasked = await readPolicyTrust({ policy: policyOf([sigstore]) });

/** What a registry has by its extension; undefined for one without it. */
interface Extension {
  readonly has?: readonly Uint8Array[] | undefined;
  readonly fault?: StoreErrorCode;
  /** Of a reading. */
  readonly fails?: StoreErrorCode;
  /** Of a writing. */
  readonly refuses?: StoreErrorCode;
  /** Says that it took what it did not keep. */
  readonly forgets?: boolean;
}

async function copy(trust: ReadyTrust, from: Extension, to: Extension) {
  const written: Uint8Array[] = [];
  let reads = 0;
  const read = async ({ has, fault, fails }: Extension) => {
    reads += 1;
    if (fails !== undefined) throw new StoreError(fails, 'it did not answer');
    if (has === undefined) return undefined;
    return { untrustedSignatures: has, ...(fault === undefined ? {} : { fault: new StoreError(fault, 'not whole') }) };
  };
  const extensions: ExtensionRegistries = {
    from: { readSignatureExtension: () => read(from) },
    to: {
      readSignatureExtension: () =>
        read(to.forgets === true || to.has === undefined ? to : { ...to, has: [...to.has, ...written] }),
      async putSignature(repository, digest, message) {
        if (to.refuses !== undefined) throw new StoreError(to.refuses, 'it did not take it');
        expect([repository, digest]).toEqual([TO, DIGEST]);
        written.push(message);
        return true;
      },
    },
  };
  const registry = createMemoryRegistry('plain', toDigest);
  const [copied] = await copyAttachments({
    images: [{ digest: DIGEST, repository: FROM, place: FROM, to: TO, names: [] }],
    reader: registry.reader,
    destination: registry,
    extensions,
    replace: false,
    concurrency: 1,
    prepared: trust.prepared,
    now: () => NOW,
    signal,
  });
  const { outcome, attachments = [], rejected = [], failed = [] } = copied ?? {};
  return {
    outcome,
    put: attachments.map((one) => one.outcome),
    written: written.map((bytes): Uint8Array => Buffer.from(bytes)),
    refused: rejected.map(({ reasons }) => reasons[0]?.code),
    failed: failed.map(({ message }) => message),
    reads,
  };
}

const EMPTY: Extension = { has: [] };

type Result = Partial<Awaited<ReturnType<typeof copy>>>;

describe('OpenPGP signatures by the signature extension', () => {
  test.each<{ name: string; trust?: ReadyTrust; from: Extension; to?: Extension; expected: Result }>([
    { name: 'one', from: { has: [good] }, expected: { outcome: 'complete', put: ['copied'], written: [good] } },
    {
      name: 'two, of which each satisfies one requirement',
      trust: either,
      from: { has: [good, goodSecond] },
      expected: { outcome: 'complete', put: ['copied', 'copied'], written: [good, goodSecond] },
    },
    {
      name: 'one that is there',
      from: { has: [good] },
      to: { has: [Buffer.from('junk'), good] },
      expected: { outcome: 'complete', put: ['held'], written: [] },
    },
    {
      name: 'one that is there in another framing',
      from: { has: [good] },
      to: { has: [reframeMessage(good, 1)] },
      expected: { outcome: 'complete', put: ['held'], written: [] },
    },
    {
      name: 'the same one twice, in two framings',
      from: { has: [good, reframeMessage(good, 2)] },
      expected: { outcome: 'complete', put: ['copied', 'held'], written: [good] },
    },
    {
      name: 'junk before and after the good one',
      from: { has: [Buffer.from([0x90]), stranger.sign(), good, Buffer.from('junk')] },
      expected: { outcome: 'complete', put: ['copied'], written: [good] },
    },
    {
      name: 'a list with an entry that is none',
      from: { has: [good], fault: 'BodyInvalid' },
      expected: { outcome: 'complete', put: ['copied'], written: [good], failed: ['not whole'] },
    },
    {
      name: 'by another key',
      from: { has: [stranger.sign()] },
      expected: { outcome: 'invalid', written: [], refused: ['KeyUnknown'] },
    },
    {
      name: 'of another image',
      from: { has: [signer.sign({ digest: toDigest('other') })] },
      expected: { outcome: 'invalid', written: [], refused: ['DigestMismatch'] },
    },
    {
      name: 'of another repository',
      from: { has: [signer.sign({ reference: `${OTHER_NAME}:1` })] },
      expected: { outcome: 'invalid', written: [], refused: ['IdentityMismatch'] },
    },
    {
      name: 'with one octet changed',
      from: { has: [changed(good)] },
      expected: { outcome: 'invalid', written: [], refused: ['SignatureInvalid'] },
    },
    {
      name: 'no OpenPGP message',
      from: { has: [Buffer.from('junk')] },
      expected: { outcome: 'invalid', written: [], refused: ['SignatureMalformed'] },
    },
    {
      name: 'a mirror without the extension',
      from: { has: [good] },
      to: {},
      expected: { outcome: 'invalid', put: [], written: [], refused: ['SignatureUnsupported'] },
    },
    { name: 'a source without it', from: {}, expected: { outcome: 'unasked', put: [], written: [], reads: 1 } },
    {
      name: 'an image that the source does not have',
      from: { fails: 'NotFound' },
      expected: { outcome: 'unasked', written: [], failed: [] },
    },
    { name: 'none', from: { has: [] }, expected: { outcome: 'unasked', written: [], reads: 1 } },
    {
      name: 'a source that does not answer',
      from: { fails: 'Unavailable' },
      expected: { outcome: 'failed', written: [], failed: ['it did not answer'] },
    },
    {
      name: 'a mirror that does not answer',
      from: { has: [good] },
      to: { fails: 'Unavailable' },
      expected: { outcome: 'failed', written: [], failed: ['it did not answer'] },
    },
    {
      name: 'a mirror that does not have the image',
      from: { has: [good] },
      to: { fails: 'NotFound' },
      expected: { outcome: 'failed', written: [] },
    },
    {
      name: 'a mirror with more than are read, where ours may be one',
      from: { has: [good] },
      to: { has: [], fault: 'LimitExceeded' },
      expected: { outcome: 'failed', written: [], failed: ['not whole'] },
    },
    {
      name: 'a mirror that takes nothing',
      from: { has: [good] },
      to: { has: [], refuses: 'AccessDenied' },
      expected: { outcome: 'failed', put: [], failed: ['it did not take it'] },
    },
    {
      name: 'a mirror that takes one and does not keep it',
      from: { has: [good] },
      to: { has: [], forgets: true },
      expected: { outcome: 'failed', failed: [`${TO} took it, and does not list it`] },
    },
    {
      name: 'no policy that asks for one: nothing is read',
      trust: unasked,
      from: { has: [good] },
      expected: { written: [], put: [], reads: 0 },
    },
  ])('$name', async ({ trust = plain, from, to = EMPTY, expected }) => {
    expect(await copy(trust, from, to)).toMatchObject(expected);
  });
});

/** An octet in the middle of the signature itself, which stands at the end of the message when it is not compressed. */
function changed(message: Uint8Array): Uint8Array {
  const bytes = Buffer.from(openMessage(message));
  const at = bytes.length - 20;
  bytes.writeUInt8((bytes.readUInt8(at) ^ 1) & 0xff, at);
  return bytes;
}
