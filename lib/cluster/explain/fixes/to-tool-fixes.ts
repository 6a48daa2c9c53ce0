import { type Fix, type ReleaseFault, toShellWord } from '../explanation.ts';
import type { GateFacts, ToolFault } from '../patterns/statement.ts';

/** What to do about a tool that did not copy a release. */
const TOOL_FIXES: ReadonlyMap<ReleaseFault['fault'], Fix> = new Map<ToolFault, Fix>([
  [
    'absent',
    {
      say: 'oc-mirror asks the store that OCP_SIGNATURE_URL names (with a slash at its end), by default mirror.openshift.com: name one that has the signature, such as a mirror of Signet; no store has one of a release that is not signed',
    },
  ],
  [
    'refused',
    {
      say: 'a signature that was found does not verify: the store gave a changed one, or one by a key that the tool does not have. Look at what the store holds, with your own trust',
      command: 'signet verify IMAGE --trust DIR --store URL',
    },
  ],
  [
    'no-packet',
    {
      say: 'what the store gave is no signed message: an error page, a proxy’s answer, or another file. Fetch it by hand and look at it',
      command: 'curl -sS URL/sha256=HEX/signature-1 | head -c 200',
    },
  ],
  [
    'interrupted',
    { say: 'the download was cut off: this is not a signature problem. Run it again: what is whole is kept' },
  ],
  [
    'config-map',
    {
      say: 'the signature ConfigMaps were not written: write them from a mirror of signatures',
      command: 'signet render configmaps --from MIRROR --trust DIR --to configmaps',
    },
  ],
]);

/** What to do about what tools said that copy releases; none for other faults. */
export function toToolFixes(faults: readonly ReleaseFault[]): readonly Fix[] {
  return [...new Set(faults.flatMap(({ fault }) => TOOL_FIXES.get(fault) ?? []))];
}

/** What brings a site past a gate, in order. */
export function toGateFixes({ version, repository }: GateFacts): readonly Fix[] {
  const source = toShellWord(repository);
  return [
    {
      say: `see which releases lack Sigstore signatures in each mirror of ${repository}`,
      command: `signet mirror check MIRROR --trust DIR --graph GRAPH --target-version ${version}`,
    },
    {
      say: 'copy those that are missing, from a place that reaches both',
      command: `signet mirror sigstore --trust DIR --from ${source} --to MIRROR --graph GRAPH`,
    },
    version === '4.21'
      ? {
          say: 'then acknowledge it',
          command:
            'oc -n openshift-config patch configmap admin-acks --type merge --patch \'{"data":{"ack-4.20-sigstore-in-4.21":"true"}}\'',
        }
      : { say: 'then acknowledge it, as the page that the message names says' },
  ];
}
