import type { Outcome } from '../../lib/verdict/judge/verdict.ts';

/** The exit statuses of commands. */
export const ExitStatus = {
  accepted: 0,
  done: 0,
  rejected: 1,
  usage: 2,
  indeterminate: 3,
  internal: 70,
  interrupted: 130,
} as const;

export function toExitStatus(outcome: Outcome): number {
  switch (outcome) {
    case 'accepted':
      return ExitStatus.accepted;
    case 'indeterminate':
      return ExitStatus.indeterminate;
    case 'rejected':
      return ExitStatus.rejected;
    default:
      return ExitStatus.rejected;
  }
}

/**
 * What the exit status of each command means, for its help and docs/reference/commands.md. Those of every command (2, 70,
 * 130) are in the help of the program.
 */
export const EXIT_CODES: Readonly<Record<string, string>> = {
  verify: '0 accepted, 1 rejected, 3 indeterminate; with --fail-on-forced, 1 when only --force accepted',
  check: '0 the pullspec policy accepts, 1 it rejects',
  'signature verify': '0 valid, 1 invalid',
  'checksums verify': '0 signed, and every file matches; 1 not signed, or a file differs, is missing or is not listed',
  'installer check': '0 the release image is accepted, 1 rejected, 2 the file carries none, 3 indeterminate',
  explain: '0 something was understood, 1 nothing was, 3 a store did not answer',
  'fleet check': '0 every cluster is ready, 1 something would be refused, 3 something is unknown',
  'release inspect': '0 every component is by digest and, with --verify-components, accepted; 1 not; 3 indeterminate',
  'report transition': '0 every release is signed by both kinds, 1 one is not, 3 unknown for some',
  'image verify': '0 accepted, 1 rejected, 3 indeterminate',
  'catalog check': '0 every image is pinned, not rejected and, with --verify, accepted; 1 not; 3 indeterminate',
  'rollout check': '0 live on every node, 1 anything else',
  'record verify': '0 confirmed, 1 differs, 3 the object store did not answer',
  'trust add': '0 written, 3 the key file could not be fetched',
  'trust show': '0 shown',
  'trust check': '0 every profile loads, 2 one does not',
  'trust publish': '0 published, 3 the object store did not answer',
  'mirror sync': '0 done, though some releases may not be signed; 3 a store or registry did not answer',
  'mirror check': '0 ready, 1 something is absent or invalid, 3 a place did not answer',
  'mirror sigstore': '0 copied, 1 a conflict or something that does not verify, 3 a registry did not answer',
  'mirror audit': '0 everything verifies, 1 something does not, 3 the mirror did not answer',
  'mirror prune': '0 done, 3 the mirror did not answer',
  'graph check': '0 every payload is canonical, 1 some are not, 3 the update service did not answer',
  'render configmaps': '0 written, 1 something that was asked for is missing, 3 the object store did not answer',
  'render signature-stores': '0 written',
  'render mirror-sets': '0 written',
  'render trust': '0 written',
  'render machineconfig': '0 written, 1 refused: it would lock the cluster out',
  'render webhooks': '0 written',
  'bundle create': '0 written, 3 the mirror or a registry did not answer',
  'bundle inspect': '0 intact, 1 forged or not verified, 2 unreadable',
  'bundle import': '0 imported, 1 something does not verify, 2 unreadable, 3 a place did not answer',
  'dlq list': '0 listed, 3 the queue did not answer',
  'dlq redrive': '0 moved, 3 one could not be moved',
  completion: '0 printed',
};
