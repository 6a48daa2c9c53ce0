import process from 'node:process';

/** How a tool is installed. Everything but `apt` goes into the cache, under the tool's name and version. */
export type Installation =
  /** `go install package@version`. */
  | { readonly kind: 'go-install'; readonly package: string; readonly version: string }
  /** `go build` in a module of this repository, whose version is the hash of its files. `package` is `.` if not given. */
  | {
      readonly kind: 'go-build';
      readonly module: string;
      readonly package?: string;
      readonly tags?: readonly string[];
      readonly linkerFlags?: string;
    }
  /** `pip install project==version` in an environment of its own. */
  | { readonly kind: 'pip'; readonly project: string; readonly version: string }
  /** Debian's package, installed as root. Any version on the PATH is taken. */
  | { readonly kind: 'apt'; readonly package: string };

export interface TestTool {
  readonly name: string;
  /** The file name of its program. */
  readonly program: string;
  /** What is not run without it. */
  readonly neededBy: string;
  /** A cold installation on two busy cores. */
  readonly seconds: number;
  /** A program to use in its place, from the environment. */
  readonly override?: string | undefined;
  readonly installation: Installation;
}

/** The real counterparts that tests use, the most valuable first: installation stops when its budget is used up. */
export const TEST_TOOLS = [
  {
    name: 'nginx',
    program: 'nginx',
    neededBy: 'a mirror served by nginx',
    seconds: 20,
    installation: { kind: 'apt', package: 'nginx-light' },
  },
  {
    name: 'docker-registry',
    program: 'docker-registry',
    neededBy: 'tests on a registry',
    seconds: 10,
    override: process.env['SIGNET_TEST_REGISTRY'],
    installation: { kind: 'apt', package: 'docker-registry' },
  },
  {
    name: 'skopeo',
    program: 'skopeo',
    neededBy: 'image policies beside skopeo',
    seconds: 15,
    installation: { kind: 'apt', package: 'skopeo' },
  },
  {
    name: 'gpg',
    program: 'gpg',
    neededBy: 'signed checksum lists beside gpg',
    seconds: 15,
    installation: { kind: 'apt', package: 'gnupg' },
  },
  {
    name: 'sqv',
    program: 'sqv',
    neededBy: 'the row of the measurements beside sqv',
    seconds: 10,
    installation: { kind: 'apt', package: 'sqv' },
  },
  {
    name: 'referrers-registry',
    program: 'test-registry',
    neededBy: 'signatures by referrers',
    seconds: 15,
    installation: { kind: 'go-build', module: 'test/registry/go' },
  },
  {
    name: 'cfn-lint',
    program: 'cfn-lint',
    neededBy: 'cfn-lint over the packaged template',
    seconds: 40,
    installation: { kind: 'pip', project: 'cfn-lint', version: '1.58.0' },
  },
  {
    name: 'node-library',
    program: 'node-library',
    neededBy: 'image policies beside the library of nodes',
    seconds: 300,
    installation: {
      kind: 'go-build',
      module: 'test/stack/node-library/go',
      tags: ['containers_image_openpgp', 'containers_image_storage_stub', 'exclude_graphdriver_btrfs'],
    },
  },
  {
    name: 'cluster-reader',
    program: 'cluster-reader',
    neededBy: 'mirrors read by library-go',
    seconds: 240,
    installation: { kind: 'go-build', module: 'test/cluster-reader/go' },
  },
  {
    name: 'versitygw',
    program: 'versitygw',
    neededBy: 'tests on an S3 server',
    seconds: 120,
    installation: { kind: 'go-install', package: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0' },
  },
  {
    name: 'cosign-2',
    program: 'cosign',
    neededBy: 'signatures made anew by cosign 2',
    seconds: 900,
    installation: { kind: 'go-install', package: 'github.com/sigstore/cosign/v2/cmd/cosign', version: 'v2.6.5' },
  },
] as const satisfies readonly TestTool[];

export type ToolName = (typeof TEST_TOOLS)[number]['name'];
