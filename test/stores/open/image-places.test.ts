import { expect, test } from 'vitest';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import type { HttpClient } from '../../../lib/platform/http/http-client.ts';
import type { ProfileRegistries } from '../../../lib/registry/profile/profile-registries.ts';
import { openImagePlaces } from '../../../lib/stores/open/image-places.ts';
import { openProfileStores } from '../../../lib/stores/open/open-stores.ts';
import { fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';

const { repository, digest } = parsePullspec(fixtureReleases[0]?.pullspec ?? '');

const unreachable: HttpClient = {
  get: () => Promise.reject(new Error('nothing may be contacted')),
  close: () => undefined,
};

function refuse(): never {
  throw new Error('no registry is opened');
}

const unopened: ProfileRegistries = { open: refuse, openRegistry: refuse, close: () => undefined };

test('what image policies read has the same name before it is opened and after', async () => {
  const { prepared } = await readFixtureTrust();
  const stores = openProfileStores(prepared, { registries: unopened });
  expect(stores.lookaside.description).toBe(openImagePlaces(prepared, unreachable, unopened).lookaside.description);
  stores.close();
});

test('without registries, manifests and what is beside images have failed, and are never absent', async () => {
  const { prepared } = await readFixtureTrust();
  const { lookaside, manifests, close } = openProfileStores(prepared, {});
  const { signal } = new AbortController();
  if (digest === undefined) throw new TypeError('the fixture names a digest');
  const entries = await Array.fromAsync(lookaside.fetchSignatures({ digest, repository, kinds: ['sigstore'] }, signal));
  expect(entries).toMatchObject([{ kind: 'failed', error: { code: 'NotAllowed' } }]);
  await expect(manifests.readManifest(repository, digest, signal)).rejects.toMatchObject({ code: 'NotAllowed' });
  close();
});
