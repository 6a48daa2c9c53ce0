import * as v from 'valibot';
import { isProfileName } from '../../trust/prepared/profile-name.ts';
import { isBundleId } from './bundle-id.ts';
import type { BundleState } from './bundle-state.ts';

const Id = v.pipe(v.string(), v.check(isBundleId, 'not the id of a bundle'));

/** What a message of the export queue has to be. */
export const ExportMessageSchema = v.strictObject({
  schema: v.literal(1),
  id: Id,
  profile: v.pipe(v.string(), v.check(isProfileName, 'not a profile name')),
  since: v.optional(Id),
});

export type ExportMessage = v.InferOutput<typeof ExportMessageSchema>;

export function toExportBody({ id, profile, since }: Pick<BundleState, 'id' | 'profile' | 'since'>): string {
  return JSON.stringify({ schema: 1, id, profile, since } satisfies Record<keyof ExportMessage, unknown>);
}
