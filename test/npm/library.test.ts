import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createVerifier, type Evidence, InputError } from '../../npm/index.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';

const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const [repository = '', digest = ''] = PULLSPEC.split('@');
const signature = readFileSync(path.join(FIXTURE_STORE, digest.replace(':', '='), 'signature-1'));
const junk = Buffer.from('junk');
const genuine: Evidence = { pullspec: PULLSPEC, signatures: [signature], now: FIXTURE_TIME };

test.each<[string, Partial<Evidence>, string, readonly string[]]>([
  ['a genuine signature', {}, 'accepted', []],
  ['the same one twice', { signatures: [signature, signature] }, 'accepted', []],
  ['junk before it', { signatures: [junk, new Uint8Array(), signature] }, 'accepted', []],
  ['junk alone', { signatures: [junk] }, 'rejected', ['SignatureMalformed']],
  ['no signature', { signatures: [] }, 'rejected', ['SignatureNotFound']],
  ['a tag', { pullspec: `${repository}:4.99.1` }, 'rejected', ['DigestMissing']],
  ['another digest', { pullspec: `${repository}@sha256:${'0'.repeat(64)}` }, 'rejected', ['DigestMismatch']],
  ['another registry', { pullspec: `evil.example/x@${digest}` }, 'rejected', ['RepositoryNotCanonical']],
  ['a time before the signature', { now: new Date(0) }, 'rejected', ['SignatureFromFuture']],
])('the library decides: %s', async (_, change, outcome, codes) => {
  const verifier = await createVerifier(readFixtureDocuments(), 'ocp');
  const verdict = await verifier.verify({ ...genuine, ...change });
  expect([verdict.outcome, verdict.reasons.map(({ code }) => code)]).toEqual([outcome, codes]);
});

test('a time that is none is the caller’s fault, whatever is signed', async () => {
  const verifier = await createVerifier(readFixtureDocuments(), 'ocp');
  await expect(verifier.verify({ ...genuine, now: new Date(Number.NaN) })).rejects.toThrow(InputError);
});
