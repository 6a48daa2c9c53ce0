import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { createObjectLookasideStore } from '../object-lookaside-store.ts';
import { createObjectReleaseStore } from '../object-release-store.ts';
import { createPolicyStore } from '../port/policy-store.ts';
import type { SignaturePlaces } from '../port/signature-places.ts';

/** What evidence calls the mirror. */
export const MIRROR = 'mirror';

/** The mirror of signatures in a bucket or a data folder, as decisions read it. */
export function openMirror(objects: ObjectStore): SignaturePlaces {
  return {
    release: createObjectReleaseStore(objects, { description: MIRROR }),
    lookaside: createPolicyStore({ openpgp: createObjectLookasideStore(objects, { description: MIRROR }) }),
  };
}
