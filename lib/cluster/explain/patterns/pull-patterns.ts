import { from, IMAGE, type Origin, type Pattern, QUOTED, REST, type Row, toName } from './pattern.ts';
import { fault, pull } from './policy-patterns.ts';

const node = (program: string, versions: string, source: string): Origin => ({ program, versions, source });

/** What the kubelet, CRI-O, podman, skopeo, bootc and rpm-ostree say of an image that they pull. */
export const PULL_PATTERNS: readonly Pattern[] = [
  ...from(node('kubelet', '4.1 to today', 'kubernetes/kubernetes pkg/kubelet/images/image_manager.go'), [
    pull(`Failed to pull image ${QUOTED}: `),
    pull(`Back-off pulling image ${QUOTED}(?:: )?`),
    pull(`Pulling image ${QUOTED}`),
    'Failed to pull image(?=$|\\n|["\\s]{1,4}(?:error|image|id|file)=|"? SignatureValidationFailed)',
    pull(String.raw`image pull failed for (\S{1,2048}) because the signature validation failed(?:: )?`),
    [`image=${QUOTED}`, ([, image = '']) => ({ kind: 'image', image: toName(image) })],
    'PullImage from image service failed',
    String.raw`Error: (?:ErrImagePull|ImagePullBackOff|SignatureValidationFailed)(?!\w)`,
    String.raw`(?:ErrImagePull|ImagePullBackOff|ImageInspectError)(?!\w)`,
    String.raw`rpc error: code = \w+ desc = `,
  ]),
  ...from(node('CRI-O', '1.29 to today', 'cri-o/cri-o internal/storage/image.go'), [
    pull(`checking signature of ${QUOTED}: `),
    'verifying signatures: ',
    'container create failed: ',
  ]),
  ...from(node('skopeo', 'any', 'containers/skopeo cmd/skopeo'), [
    String.raw`FATA\[[0-9]{4}\] `,
    'Error loading trust policy: ',
    'Error verifying signature: ',
  ]),
  ...from(node('podman', 'any', 'containers/podman, containers/common libimage/pull.go'), [
    attempt(`Trying to pull ${IMAGE}\\.\\.\\.`),
    attempt(`Getting image source signatures`),
    'Checking if image destination supports signatures',
    `Resolved "${REST}`,
    '(?:unable to pull image or OCI artifact: )?pull image err: ',
    'unable to copy from source (?:docker://)?\\S+: ',
    'pulling image: ',
  ]),
  ...from(
    node('rpm-ostree and bootc', 'any', 'containers/ostree-rs-ext lib/src/container, containers/skopeo proxy.go'),
    [
      attempt(`Pulling manifest: (?:ostree-[a-z-]+:)?(?:registry:|docker://|[a-z]+:docker://)?${IMAGE}`),
      attempt(`Fetching (?:ostree-[a-z-]+:)(?:docker://)?${IMAGE}`),
      fault(
        'containers-policy\\.json specifies a default of `?insecureAcceptAnything`?; refusing usage',
        'policy-open',
      ),
      String.raw`(?:Switching|Upgrading|Pulling|Importing|Installing|Unencapsulating base|proxy failure): (?=[^\n]{0,512}(?:OpenImage|containers-policy|proxy failure|rejected|signature))`,
      'and client error',
      'Creating importer: ',
      'Preparing import: ',
      'Fetching manifest: ',
      'Failed to invoke (?:skopeo )?(?:proxy )?method OpenImage(?:Optional)?: ',
      'remote error: ',
    ],
  ),
];

/** What a tool says before it pulls: a fault on a later line is of this image. */
function attempt(words: string): Row {
  return [
    words,
    ([, image]) => (image === undefined ? { kind: 'known' } : { kind: 'pull', image: toName(image), isAttempt: true }),
  ];
}
