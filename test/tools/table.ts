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
      /** A library of C that is linked, as pkg-config knows it, and Debian's package of it. None: C plays no part. */
      readonly library?: { readonly name: string; readonly package: string };
    }
  /** `pip install project==version` in an environment of its own. */
  | { readonly kind: 'pip'; readonly project: string; readonly version: string }
  /** `npm install package@version` in a folder of its own. `builders`: Debian's packages, by their program, that build it. */
  | {
      readonly kind: 'npm';
      readonly package: string;
      readonly version: string;
      readonly builders: Readonly<Record<string, string>>;
    }
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

/** An API server takes its version from the linker, and says it to its clients. */
const KUBERNETES = {
  kind: 'go-build',
  module: 'test/apiserver/go',
  linkerFlags: '-X k8s.io/component-base/version.gitVersion=v1.34.4',
} as const;

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
    name: 'promtool',
    program: 'promtool',
    neededBy: 'metrics and alerts beside promtool',
    seconds: 15,
    installation: { kind: 'apt', package: 'prometheus' },
  },
  {
    name: 'chromium',
    program: 'chromium',
    neededBy: 'the page in a browser',
    seconds: 60,
    override: process.env['SIGNET_TEST_CHROMIUM'],
    installation: { kind: 'apt', package: 'chromium' },
  },
  {
    name: 'skopeo',
    program: 'skopeo',
    neededBy: 'image policies beside skopeo',
    seconds: 15,
    installation: { kind: 'apt', package: 'skopeo' },
  },
  {
    name: 'buildah',
    program: 'buildah',
    neededBy: 'the container image',
    seconds: 40,
    installation: { kind: 'apt', package: 'buildah' },
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
    name: 'sqop',
    program: 'sqop',
    neededBy: 'signet sopv beside sqop',
    seconds: 10,
    installation: { kind: 'apt', package: 'sqop' },
  },
  {
    name: 'gosop',
    program: 'gosop',
    neededBy: 'signet sopv beside gosop',
    seconds: 10,
    installation: { kind: 'apt', package: 'gosop' },
  },
  {
    name: 'mandoc',
    program: 'mandoc',
    neededBy: 'manual pages beside mandoc',
    seconds: 10,
    installation: { kind: 'apt', package: 'mandoc' },
  },
  {
    name: 'openssl',
    program: 'openssl',
    neededBy: 'TLS of the service, and a real API server',
    seconds: 10,
    installation: { kind: 'apt', package: 'openssl' },
  },
  {
    name: 'etcd',
    program: 'etcd',
    neededBy: 'manifests and admission on a real API server',
    seconds: 15,
    installation: { kind: 'apt', package: 'etcd-server' },
  },
  {
    name: 'referrers-registry',
    program: 'test-registry',
    neededBy: 'signatures by referrers',
    seconds: 15,
    installation: { kind: 'go-build', module: 'test/registry/go' },
  },
  {
    name: 'go-x509',
    program: 'go-x509',
    neededBy: 'chains of certificates beside Go',
    seconds: 10,
    installation: { kind: 'go-build', module: 'test/stack/x509/go' },
  },
  {
    name: 'actionlint',
    program: 'actionlint',
    neededBy: 'workflow files and the GitHub Action beside actionlint',
    seconds: 20,
    installation: { kind: 'go-install', package: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' },
  },
  {
    name: 'cfn-lint',
    program: 'cfn-lint',
    neededBy: 'cfn-lint over the packaged template',
    seconds: 40,
    installation: { kind: 'pip', project: 'cfn-lint', version: '1.58.0' },
  },
  {
    name: 'ministack',
    program: 'ministack',
    neededBy: 'the stack deployed in an emulator of AWS',
    seconds: 40,
    installation: { kind: 'pip', project: 'ministack', version: '1.5.33' },
  },
  {
    name: 'lambda-emulator',
    program: 'aws-lambda-rie',
    neededBy: 'the zips run by the emulator of the Lambda runtime',
    seconds: 20,
    installation: {
      kind: 'go-install',
      package: 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie',
      version: 'v0.0.0-20261030222936-bef5c4ba774d',
    },
  },
  {
    name: 'lambda-runtime',
    program: 'aws-lambda-ric',
    neededBy: 'the zips run by the client of the Lambda runtime',
    seconds: 200,
    installation: {
      kind: 'npm',
      package: 'aws-lambda-ric',
      version: '4.0.2',
      builders: { cmake: 'cmake', 'g++': 'g++', make: 'make', xz: 'xz-utils' },
    },
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
    name: 'fuzz-peers',
    program: 'fuzz-peers',
    neededBy: 'mutated inputs beside Go',
    // Most of it is compiled for node-library.
    seconds: 30,
    installation: {
      kind: 'go-build',
      module: 'test/fuzz/go',
      tags: ['containers_image_openpgp', 'containers_image_storage_stub', 'exclude_graphdriver_btrfs'],
    },
  },
  {
    name: 'node-library-gpgme',
    program: 'node-library',
    neededBy: 'OpenPGP signatures beside the library of nodes with GnuPG, as RHCOS has it',
    seconds: 180,
    installation: {
      kind: 'go-build',
      module: 'test/stack/node-library/go',
      tags: ['containers_image_storage_stub', 'exclude_graphdriver_btrfs'],
      library: { name: 'gpgme', package: 'libgpgme-dev' },
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
    name: 'kube-apiserver',
    program: 'kube-apiserver',
    neededBy: 'manifests and admission on a real API server',
    seconds: 1000,
    installation: { ...KUBERNETES, package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  },
  {
    name: 'kubectl',
    program: 'kubectl',
    neededBy: 'manifests and admission on a real API server, by kubectl',
    seconds: 120,
    installation: { ...KUBERNETES, package: 'k8s.io/kubernetes/cmd/kubectl' },
  },
  {
    name: 'cosign-2',
    program: 'cosign',
    neededBy: 'signatures made anew by cosign 2',
    seconds: 900,
    installation: { kind: 'go-install', package: 'github.com/sigstore/cosign/v2/cmd/cosign', version: 'v2.6.5' },
  },
  {
    name: 'cosign-3',
    program: 'cosign',
    neededBy: 'signatures made anew and copies confirmed by cosign 3',
    seconds: 900,
    installation: { kind: 'go-install', package: 'github.com/sigstore/cosign/v3/cmd/cosign', version: 'v3.1.3' },
  },
  {
    name: 'slsa-verifier',
    program: 'slsa-verifier',
    neededBy: 'verification summaries beside SLSA’s own verifier',
    seconds: 600,
    override: process.env['SIGNET_TEST_SLSA_VERIFIER'],
    installation: {
      kind: 'go-install',
      package: 'github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier',
      version: 'v2.7.1',
    },
  },
] as const satisfies readonly TestTool[];

export type ToolName = (typeof TEST_TOOLS)[number]['name'];
