import { describe, expect, test } from 'vitest';
import type { PreparedKey } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { listExpiryWarnings } from '../../../lib/trust/prepared/key-expiry.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../support/fixture-releases.ts';

const DAY = 24 * 60 * 60;
const NOW = FIXTURE_TIME.getTime() / 1000;

describe('the end of a keyring', async () => {
  const { prepared } = await readFixtureTrust();
  const [keyring] = prepared.keyrings;
  const [certificate] = keyring?.certificates ?? [];
  const [key] = certificate?.keys ?? [];
  if (keyring === undefined || certificate === undefined || key === undefined) throw new Error('there is no key');

  const toTrust = (...changes: readonly Partial<PreparedKey>[]) => {
    const keys = changes.map((change) => ({ ...key, ...change }));
    return { keyrings: [{ ...keyring, certificates: [{ ...certificate, keys }] }], policyKeyrings: [] };
  };

  test.each<[name: string, keys: readonly Partial<PreparedKey>[], says: string | undefined]>([
    ['a key that never expires', [{}], undefined],
    ['one that expires in more than a year', [{ expiresAt: NOW + 367 * DAY }], undefined],
    ['one that expires in a year', [{ expiresAt: NOW + 365 * DAY + 1 }], 'expires in 365 days'],
    ['one that expires tomorrow', [{ expiresAt: NOW + DAY }], 'expires in 1 days'],
    ['one that has expired', [{ expiresAt: NOW - DAY }], 'has expired'],
    ['one beside another that lasts', [{ expiresAt: NOW + DAY }, { expiresAt: NOW + 400 * DAY }], undefined],
    ['one beside another without an end', [{ expiresAt: NOW + DAY }, {}], undefined],
    ['one beside a revoked one without an end', [{ expiresAt: NOW + DAY }, { revoked: 'x' }], 'expires in 1 days'],
    ['one beside one that signs nothing', [{ expiresAt: NOW + DAY }, { notForSigning: 'x' }], 'expires in 1 days'],
    ['the later of two', [{ expiresAt: NOW + DAY }, { expiresAt: NOW + 9 * DAY }], 'expires in 9 days'],
    ['no key that may sign', [{ revoked: 'x' }], undefined],
  ])('%s', (_, keys, says) => {
    const warnings = listExpiryWarnings(toTrust(...keys), FIXTURE_TIME);
    expect(warnings).toEqual(says === undefined ? [] : [expect.stringContaining(says)]);
  });

  test('keys of image policies are told of too', () => {
    const { keyrings } = toTrust({ expiresAt: NOW + DAY });
    expect(listExpiryWarnings({ keyrings: [], policyKeyrings: keyrings }, FIXTURE_TIME)).toHaveLength(1);
  });
});
