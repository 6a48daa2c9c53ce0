import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import {
  type SignatureConfigMapDocument,
  type SignedRelease,
  shardSignatures,
} from '../render/signature-config-maps.ts';

/**
 * Bytes of one slot as compact JSON. An API server takes 1 MiB of decoded values, which are three quarters of their
 * base64; who owns each member is stored beside them, and a request to etcd has 1.5 MiB.
 */
export const MAX_SLOT_BYTES = 1024 * 1024;
/** ConfigMaps that a sync may write: their names stand in the role that lets it. */
export const MAX_SLOTS = 16;

/**
 * The names of the ConfigMaps that a sync reads, writes and removes, and no others: fixed, so that a role can name them.
 * `signatures-managed`, which the cluster-version operator writes, is none of them.
 */
export const SLOT_NAMES: readonly string[] = Array.from({ length: MAX_SLOTS }, (_, index) => toSlotName(index + 1));

function toSlotName(number: number): string {
  return `signet-synced-signatures-${number}`;
}

/**
 * The contents of slots, in the order of their numbers. An added digest changes one slot; where that overflows, some of
 * its digests move to a slot that was empty.
 *
 * @throws ConfigurationError `LimitExceeded` when they need more slots than there are
 */
export function toSignatureSlots(releases: readonly SignedRelease[]): readonly SignatureConfigMapDocument[] {
  const slots = shardSignatures(releases, toSlotName, MAX_SLOT_BYTES);
  const over = slots.find(({ metadata }) => !SLOT_NAMES.includes(metadata.name));
  if (over === undefined) return slots;
  const reason = `the signatures of ${releases.length} releases do not fit into ${MAX_SLOTS} ConfigMaps`;
  throw new ConfigurationError('LimitExceeded', `${reason}: choose the versions that the cluster needs with --minor`);
}
