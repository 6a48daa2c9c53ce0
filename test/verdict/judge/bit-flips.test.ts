import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { parseSignedMessage } from '../../../lib/crypto/openpgp/messages/signed-message.ts';
import { toSignatureIdentity, verifyMessage } from '../../../lib/crypto/openpgp/messages/verify-message.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { classifyFlip } from '../../support/classify-flip.ts';
import { FIXTURE_STORE, fixtureReleases, readFixtureDocuments } from '../../support/fixture-releases.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;

/** Real releases are not in the repository; a run that has them names their folder. */
const REAL_RELEASES = process.env['SIGNET_RELEASES'];

/**
 * What survives in the real files, by class. Compression is left out: which of its bits matter depends on the zlib that
 * this Node was built with.
 */
const REAL_SURVIVORS = new Map<string, Readonly<Record<string, number>>>([
  [
    'sha256=0065822bf39b11e3a3113eb2dee4bddf0a07fe0967892498771bd9728e145ad0',
    { 'literal file name or date': 103, 'signature framing': 6 },
  ],
  ['sha256=195de2a5ef3af1083620a62a45ea61ac1233ffa27bbce7b30609a69775aeca19', { 'literal file name or date': 115 }],
]);
/** Flips of each of them that GnuPG accepts. */
const GPG_ACCEPTED = 170;

interface Subject {
  readonly name: string;
  readonly bytes: Buffer;
}

function readSubjects(store: string): readonly Subject[] {
  return readdirSync(store).map((name) => ({ name, bytes: readFileSync(path.join(store, name, 'signature-1')) }));
}

const subjects: (Subject & { trust: string })[] = fixtureReleases
  .filter(({ expected }) => expected === 'accept')
  .map(({ pullspec }) => `sha256=${pullspec.slice(-64)}`)
  .map((name) => ({ name, trust: 'fixture', bytes: readFileSync(path.join(FIXTURE_STORE, name, 'signature-1')) }));
if (REAL_RELEASES !== undefined && existsSync(REAL_RELEASES)) {
  subjects.push(
    ...readSubjects(path.join(REAL_RELEASES, 'signatures')).map((subject) => ({ ...subject, trust: 'real' })),
  );
}

async function readKeyring(trust: string) {
  const directory = path.join(REAL_RELEASES ?? '', 'trust/ocp');
  const documents =
    trust === 'fixture'
      ? readFixtureDocuments()
      : readdirSync(directory).map((name) => ({ name, bytes: readFileSync(path.join(directory, name)) }));
  const [keyring] = (await prepareTrust('ocp', documents)).keyrings;
  if (keyring === undefined) throw new Error('no keyring');
  return indexKeyring(keyring);
}

test.skipIf(REAL_RELEASES === undefined)('the real files whose counts are known are among them', () => {
  const names = subjects.filter(({ trust }) => trust === 'real').map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...REAL_SURVIVORS.keys()]));
});

describe('every single-bit flip of a release signature', () => {
  test.each(subjects)(
    '$trust $name: none is accepted with another payload, signer or digest',
    async ({ name, bytes, trust }) => {
      const keyring = await readKeyring(trust);
      const verify = (message: Uint8Array) => {
        const parsed = parseSignedMessage(message);
        const verified = verifyMessage(parsed, keyring, NOW);
        return { ...verified, identity: toSignatureIdentity(parsed, verified.signingKey) };
      };
      const original = verify(bytes);
      const survivors = new Map<string, number>();
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          const verified = verify(flipped);
          expect(verified).toEqual(original);
          const touched = classifyFlip(bytes, flipped);
          expect(touched, `bit ${bit}`).not.toBe('signed');
          survivors.set(touched, (survivors.get(touched) ?? 0) + 1);
        } catch (error) {
          if (!(error instanceof SignatureError)) throw error;
        }
      }
      const accepted = [...survivors.values()].reduce((sum, count) => sum + count, 0);
      process.stdout.write(
        `bit flips of ${trust} ${toShortName(bytes)}: ${bytes.length * 8} tried, ${accepted} accepted: ${JSON.stringify(Object.fromEntries(survivors))}\n`,
      );
      // The file name and date of the literal packet, and little else: not one in twenty.
      expect(accepted).toBeLessThan(bytes.length * 8 * 0.05);
      if (trust !== 'real') return;
      expect(accepted).toBeLessThanOrEqual(GPG_ACCEPTED);
      const { compression: _, ...exact } = Object.fromEntries(survivors);
      expect(exact).toEqual(REAL_SURVIVORS.get(name) ?? exact);
    },
  );
});

function toShortName(bytes: Uint8Array): string {
  return subjects.find((subject) => subject.bytes === bytes)?.name.slice(0, 15) ?? '';
}
