/** Of the Stateless OpenPGP interface, which says 3 for what Signet's other commands say 1. */
const SOPV =
  '0 one signature is valid; by the Stateless OpenPGP interface, 3 none is, 19 an argument is missing, 37 unknown option, ' +
  '41 bad data, 61 an input is missing, 71 unknown @ prefix, 73 a designator is a file too, 1 anything else';

/**
 * What the exit status of each command means, for its help and docs/reference/commands.md. Those of every command (2, 70,
 * 130, 141) are in the help of the program.
 */
export const EXIT_CODES: Readonly<Record<string, string>> = {
  verify: '0 accepted, 1 rejected, 3 indeterminate; with --fail-on-forced, 1 when only --force accepted',
  check: '0 the pullspec policy allows it, and signatures were not checked; 1 it rejects',
  'signature verify': '0 valid, 1 invalid',
  'sigstore verify': '0 valid, 1 invalid',
  'checksums verify': '0 signed, and every file matches; 1 not signed, or a file differs, is missing or is not listed',
  'sopv version': '0 printed; by the Stateless OpenPGP interface, 37 unknown option, 83 options exclude each other',
  'sopv verify': SOPV,
  'sopv inline-verify': `${SOPV}; 59 the output is there already`,
  'installer check':
    '0 the release image is accepted and every boot image is listed, 1 not, 2 the file carries none, 3 indeterminate',
  explain: '0 something was understood, 1 nothing was, 3 a store did not answer',
  'fleet check': '0 every cluster is ready, 1 something would be refused, 3 something is unknown',
  'release audit':
    '0 every signature verifies or is known to be missing; 1 not; 3 a store or the registry did not answer',
  'release inspect': '0 every component is by digest and, with --verify-components, accepted; 1 not; 3 indeterminate',
  'report transition': '0 every release is signed by both kinds, 1 one is not, 3 unknown for some',
  'image verify': '0 accepted, 1 rejected, 3 indeterminate',
  'image readers': '0 listed, 3 something beside the image could not be read',
  'policy try': '0 nothing that runs would be refused, 1 something would, 3 something was not read or is not decided',
  'catalog check': '0 every image is pinned, not rejected and, with --verify, accepted; 1 not; 3 indeterminate',
  'rollout check': '0 live on every node, 1 anything else',
  readiness: '0 the site may update, 1 something is missing, 3 something could not be read or is not shown',
  overview: '0 shown, 3 the service did not answer',
  'record attest':
    '0 printed or attached, 1 there is none that verifies, 3 the service, the object store or the registry did not answer',
  'record audit': '0 whole, 1 not whole, 3 the service or the object store did not answer',
  'record list': '0 listed, 3 the service or the object store did not answer',
  'record sign': '0 signed, 1 a record is refused by its own evidence, 3 the object store or KMS did not answer',
  'record verify': '0 all are confirmed, 1 one differs or could not be checked, 3 the object store did not answer',
  'trust add': '0 written, 3 the key file could not be fetched',
  'trust show': '0 shown',
  'trust check': '0 every profile loads, 2 one does not',
  'trust publish': '0 published, 3 the object store did not answer',
  'mirror sync': '0 everything that was asked for is held, 3 something is not: not signed, or a store did not answer',
  'mirror list': '0 listed, 1 a --release is not held for every --arch, 3 the mirror did not answer',
  'mirror check': '0 ready, 1 something is absent or invalid, 3 a place did not answer',
  'mirror sigstore': '0 copied, 1 a conflict or something that does not verify, 3 a registry did not answer',
  'mirror audit': '0 everything verifies, 1 something does not or is too long to be read, 3 the mirror did not answer',
  'mirror prune': '0 done, 3 the mirror did not answer',
  'graph check': '0 every payload is canonical, 1 some are not, 3 the update service did not answer',
  'render configmaps': '0 written, 1 something that was asked for is missing, 3 the object store did not answer',
  'render signature-stores': '0 written',
  'render mirror-sets': '0 written',
  'render trust': '0 written',
  'render machineconfig': '0 written, 1 refused: it would lock the cluster out',
  'render image-policy': '0 written, 1 refused: the cluster would be locked out, or would not take it',
  'render webhooks': '0 written',
  'render admission-policy': '0 written',
  'render policy': '0 written',
  'cluster sync':
    '0 the cluster has what verifies; 1 a conflict, or what was asked for is missing; 3 nothing verifies, or no answer',
  'bundle create': '0 written, 3 the mirror or a registry did not answer',
  'bundle inspect': '0 intact, 1 forged or not verified, 2 unreadable',
  'bundle import': '0 imported, 1 something does not verify, 2 unreadable, 3 a place did not answer',
  'dlq list': '0 listed, 3 the queue did not answer',
  'dlq redrive': '0 moved, 3 one could not be moved',
  serve: '0 stopped, 2 a folder, port or document cannot be used',
  'config view': '0 shown, 2 a file cannot be used, or a setting is refused',
  support: '0 printed, also where something does not load',
  version: '0 printed',
  man: '0 printed or written',
  completion: '0 printed',
};
