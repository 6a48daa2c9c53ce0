import { from, IMAGE, type Origin, type Pattern, QUOTED, REST, type Row, toName } from './pattern.ts';

const operator = (versions: string, source: string): Origin => ({
  program: 'machine-config operator',
  versions,
  source: `openshift/machine-config-operator ${source}`,
});
/** The transport in front of an OS image, as rpm-ostree takes it. */
const OSTREE = String.raw`ostree-(?:unverified-registry|unverified-image|unverified|image-signed|remote-image:[\w-]{1,64}):(?:registry:|docker://|containers-storage:)?`;
/** The end of what a command printed counts as known behind its beginning only. */
const IS_COMMAND = /rpm-ostree|podman|update OS|OS image|^[\s:]*$/;

/** What the machine-config operator and its daemon say of OS images and image policies. */
export const MACHINE_CONFIG_PATTERNS: readonly Pattern[] = [
  ...from(operator('4.6 to 4.15', 'pkg/daemon/update.go'), [pull(`failed to update OS to ${IMAGE} : `)]),
  ...from(operator('4.16 to today', 'pkg/daemon/update.go'), [
    [
      `failed to update OS to ${IMAGE} after retries: timed out waiting for the condition`,
      ([text, image = '']) => ({ kind: 'pull-fault', fault: 'os-image', text, image: toName(image) }),
    ],
    pull(String.raw`failed to update OS to ${IMAGE} (?:after retries|\(will retry\)): `),
  ]),
  ...from(operator('4.18 to today', 'pkg/daemon/update.go'), [
    pull(`failed to update OS from local storage: ${IMAGE}: `),
    pull(`Failed to pull OS image ${IMAGE} from registry: `),
    pull(`Pulling OS image ${IMAGE} from registry`),
  ]),
  ...from(operator('4.12 to today', 'pkg/daemon/rpm-ostree.go'), [
    pull(`Executing rebase to ${IMAGE}`),
    pull(`Executing local container storage rebase to ${IMAGE}`),
    pull(`(?:error running|Running:) rpm-ostree rebase (?:--experimental )?${OSTREE}${IMAGE}(?:: )?`),
  ]),
  ...from(operator('4.3 to 4.17', 'pkg/daemon/rpm-ostree.go'), [
    String.raw`failed to run command podman \([0-9]+ tries\): `,
    pull(`(?:running|Running captured:) podman pull (?:-q )?(?:--authfile \\S{1,256} )?${IMAGE}(?: failed: )?`),
    pull(`unable to pull ${IMAGE}: `),
  ]),
  ...from(operator('4.1 to today', 'pkg/daemon/daemon.go, pkg/daemon/writer.go'), [
    'Marking Degraded due to: ',
    String.raw`unexpected on-disk state validating against \S{1,253}: `,
    [
      `expected target osImageURL "?([^\\s",]{1,2048})"?(?:, have ${QUOTED}(?: \\(${QUOTED}\\))?)?`,
      ([text, image = '', booted = '']) => ({
        kind: 'pull-fault',
        fault: 'os-image',
        text,
        identity: booted,
        image: toName(image),
      }),
    ],
    behindCommand('(?:: )?exit status [0-9]{1,3}(?:: timed out waiting for the condition)?'),
    behindCommand('timed out waiting for the condition,?'),
  ]),
  ...from(operator('4.1 to today', 'pkg/controller/node/status.go, pkg/operator/status.go'), [
    String.raw`Node \S{1,253} is reporting: `,
    '[0-9]{1,5} nodes are reporting degraded status on sync',
    '(?:NodeDegraded|RenderDegraded)(?!\\w)',
    [
      String.raw`osImageURL mismatch for \S{1,253} in \S{1,253} expected: (\S{1,2048}) got: (\S{1,2048})`,
      ([text, image = '', got = '']) => ({ kind: 'pull-fault', fault: 'os-image', text, identity: got, image }),
    ],
  ]),
  ...from(operator('4.16 to today', 'pkg/controller/container-runtime-config'), [
    [
      String.raw`(?:cluster)?imagePolicy configured for the scope (\S{1,512}) is (?:not nested inside allowedRegistries|nested inside blockedRegistries)`,
      ([text, scope = '']) => ({ kind: 'pull-fault', fault: 'policy-scope', text, identity: scope, image: scope }),
    ],
    [
      String.raw`has conflicting scope\(s\) ${REST}`,
      ([text, said = '']) => ({
        kind: 'pull-fault',
        fault: 'policy-conflict',
        text,
        identity: said.split(']', 1)[0]?.slice(1) ?? '',
        image: '',
      }),
    ],
    [
      String.raw`error adding \[([^[\]\n]{0,2048})\] to blocked registries, cannot block the repository being used by the payload(?:, skipping\.{1,8})?`,
      ([text, names = '']) => ({
        kind: 'pull-fault',
        fault: 'payload-blocked',
        text,
        identity: names.replaceAll('"', '').split(' ').join(', '),
        image: '',
      }),
    ],
    String.raw`"[^"\\\n]{0,2048}" matches the payload repository, but will add it to the list of blocked registries as there are mirror rules configured for it`,
    'could not (?:sync registries Ignition config|update policy json with new changes|decode original policy json|update namespace policy JSON from imagepolicy): ',
  ]),
];

function pull(words: string): Row {
  return [words, ([, image = '']) => ({ kind: 'pull', image: toName(image), isAttempt: true })];
}

function behindCommand(words: string): Row {
  return [words, (_, line) => (IS_COMMAND.test(line) ? { kind: 'known' } : undefined)];
}
