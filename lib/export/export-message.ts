import { z } from 'zod';
import { isProfileName } from '../trust/profile-name.ts';
import { isBundleId } from './bundle-id.ts';
import type { BundleState } from './bundle-state.ts';

const Id = z.string().refine(isBundleId, 'not the id of a bundle');

/** What a message of the export queue has to be. */
export const ExportMessageSchema = z.strictObject({
  schema: z.literal(1),
  id: Id,
  profile: z.string().refine(isProfileName, 'not a profile name'),
  since: Id.optional(),
});

export type ExportMessage = z.infer<typeof ExportMessageSchema>;

export function toExportBody({ id, profile, since }: Pick<BundleState, 'id' | 'profile' | 'since'>): string {
  return JSON.stringify({ schema: 1, id, profile, since } satisfies Record<keyof ExportMessage, unknown>);
}
