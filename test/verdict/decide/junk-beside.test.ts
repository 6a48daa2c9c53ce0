import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import {
  MAX_LOOKASIDE_SIGNATURES,
  MAX_RELEASE_SIGNATURES,
  MAX_SIGNATURE_BYTES,
} from '../../../lib/stores/port/signature-store.ts';
import { createProfileLookaside } from '../../../lib/stores/registries-d-store.ts';
import { makeSignature, SIGNER, toPayload } from '../../crypto/sigstore/make-signature.ts';
import { createSetup } from '../../registry/client/registry-setup.ts';
import { NAME } from '../../registry/images/image-setup.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import {
  bySigner,
  decideBy,
  IMAGE,
  policyOf,
  readPolicyTrust,
  releaseSigner,
  signer,
  stranger,
} from './policy-setup.ts';

const digest = parseDigest(IMAGE.slice(IMAGE.indexOf('@') + 1));
const segment = digest.replace(':', '=');
const good = signer.sign();

/** Bytes that a lookaside may hold beside a good signature: none of them may change a verdict. */
const JUNK: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', Buffer.alloc(0)],
  ['a zero byte', Buffer.from([0])],
  ['HTML', Buffer.from('<html><body>not here</body></html>')],
  ['noise', Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 167) & 0xff))],
  ['half of a signature', good.subarray(0, good.length / 2)],
  ['a signature with a byte behind it', Buffer.concat([good, Buffer.from([0])])],
  ['a signature by a stranger', stranger.sign()],
  ['a signature of another image', signer.sign({ digest: `sha256:${'b'.repeat(64)}` })],
  [
    'a Sigstore signature',
    formatSignatureBlob(makeSignature({ keys: SIGNER, payload: toPayload(`${NAME}:1`, digest) })),
  ],
  ['a Sigstore signature that is cut short', Buffer.from('\0sigstore-json\n{"mimeType":')],
  ['a format that is not known', Buffer.from('\0future-format\n{}')],
  ['a thousand opening brackets', Buffer.from(`\0sigstore-json\n${'['.repeat(1000)}`)],
  ['a time beyond all times', Buffer.from('\0sigstore-json\n{"integratedTime":99999999999999999999}')],
  ['too many bytes', Buffer.alloc(MAX_SIGNATURE_BYTES + 1, 0xc4)],
];

const trust = await readPolicyTrust({ policy: policyOf([bySigner]) });
const setup = createSetup();
const client = createHttpClient({ allowPrivateAddresses: true });
const work = await mkdtemp(path.join(tmpdir(), 'signet-junk-'));
let origin = '';
let held: readonly Uint8Array[] = [];
let made = 0;

beforeAll(async () => {
  const { host } = await setup.serve((request, response) => {
    const index = /\/signature-([0-9]+)$/.exec(request.url ?? '')?.[1];
    const bytes = held[Number(index) - 1];
    if (bytes === undefined) response.writeHead(404).end();
    else response.end(bytes);
  });
  origin = `http://${host}`;
});
afterAll(async () => {
  client.close();
  await setup.close();
  await rm(work, { recursive: true });
});

async function writeFolder(signatures: readonly Uint8Array[]): Promise<string> {
  made += 1;
  const folder = path.join(work, `${made}`, 'signet', `app@${segment}`);
  await mkdir(folder, { recursive: true });
  for (const [at, bytes] of signatures.entries()) await writeFile(path.join(folder, `signature-${at + 1}`), bytes);
  return pathToFileURL(path.join(work, `${made}`)).href;
}

/** The decision of a profile whose lookaside holds the signatures: over HTTP, or in a folder. */
async function decide(place: 'http' | 'folder', signatures: readonly Uint8Array[]) {
  held = signatures;
  const lookaside = place === 'http' ? `${origin}/sigs` : await writeFolder(signatures);
  const registriesD = [{ document: 'a.yaml', content: { 'default-docker': { lookaside } } }];
  const storeAccess = { allowPrivateAddresses: true, allowLocal: true };
  const store = createProfileLookaside({ registriesD, storeAccess }, client);
  const { verdict } = await decideBy(trust, { lookaside: store });
  return { outcome: verdict.outcome, codes: verdict.reasons.map(({ code }) => code), attempts: verdict.attempts };
}

describe.each(['http', 'folder'] as const)('junk in a lookaside, %s', (place) => {
  test.each(JUNK)('%s before, behind and on both sides: accepted all the same', async (_, junk) => {
    const outcomes: string[] = [];
    for (const signatures of [
      [junk, good],
      [good, junk],
      [junk, good, junk],
      [junk, junk, junk, good],
    ]) {
      outcomes.push((await decide(place, signatures)).outcome);
    }
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  });

  test.each(JUNK)('%s alone: never accepted', async (_, junk) => {
    expect((await decide(place, [junk])).outcome).not.toBe('accepted');
  });

  test('all of it at once, the good one last', async () => {
    expect((await decide(place, [...JUNK.map(([, bytes]) => bytes), good])).outcome).toBe('accepted');
  });

  test('the good one last of as many as are read', async () => {
    const junk = Array.from({ length: MAX_LOOKASIDE_SIGNATURES - 1 }, () => stranger.sign());
    expect((await decide(place, [...junk, good])).outcome).toBe('accepted');
  });

  test('the good one beyond what is read: not signed stays open, and the limit is named', async () => {
    const junk = Array.from({ length: MAX_LOOKASIDE_SIGNATURES }, () => stranger.sign());
    const { outcome, codes, attempts } = await decide(place, [...junk, good]);
    expect(outcome).toBe('indeterminate');
    expect(codes[0]).toBe('StoreUnavailable');
    expect(attempts.at(-1)?.message).toContain(`has ${MAX_LOOKASIDE_SIGNATURES} signatures or more`);
  });
});

describe('junk among release signatures', async () => {
  const openpgp = await readPolicyTrust({
    policy: policyOf([bySigner]),
    hasKeyring: true,
    change: { require: 'openpgp' },
  });
  const release = releaseSigner.sign(digest, NAME);
  const outcomeOf = async (signatures: readonly Uint8Array[]): Promise<string> => {
    const store = createMemorySignatureStore(new Map([[digest, signatures]]));
    return (await decideBy(openpgp, { store })).verdict.outcome;
  };
  test.each(JUNK.filter(([, bytes]) => bytes.length > 0))('%s before and behind: accepted', async (_, junk) => {
    expect([await outcomeOf([junk, release]), await outcomeOf([release, junk])]).toEqual(['accepted', 'accepted']);
  });

  test('the good one last of as many as clusters read', async () => {
    const junk = Array.from({ length: MAX_RELEASE_SIGNATURES - 1 }, () => stranger.sign());
    expect(await outcomeOf([...junk, release])).toBe('accepted');
  });
});
