import { expect, test } from 'vitest';
import { StoreError, type StoreErrorCode } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { readNodeImages } from '../../../lib/verdict/decide/node-images.ts';

const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);

test.each<[string, StoreErrorCode, string, boolean]>([
  ['a registry that does not have it', 'NotFound', 'the registry answered, and does not have it', false],
  ['a registry that refuses the caller', 'AccessDenied', 'give the credential', false],
  ['a registry that may not be contacted', 'NotAllowed', 'registries.allowed', false],
  ['a registry out of reach', 'ConnectionFailed', 'make the registry reachable', true],
  ['a registry that is busy', 'Unavailable', 'make the registry reachable', true],
])('%s leaves the verdict open, with its own remedy', async (_, code, remedy, isRetried) => {
  const read = () => Promise.reject(new StoreError(code, 'it did not come'));
  const { fault } = await readNodeImages(DIGEST, undefined, read, new AbortController().signal);
  expect(fault).toMatchObject({ outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable' }] });
  expect(fault?.reasons[0]?.remedy).toContain(remedy);
  expect(fault?.reasons[0]?.remedy?.startsWith('retry')).toBe(isRetried);
});
