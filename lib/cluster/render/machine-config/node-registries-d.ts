import { isJsonObject } from '../../../base/documents/json-value.ts';
import { parseTrustFile } from '../../../trust/documents/parse-trust-file.ts';
import { type ImagePolicy, listEnclosingScopes } from '../../../trust/policy/image-policy.ts';
import type { TrustDocument } from '../../../trust/prepared/trust-document.ts';
import type { RegistriesD, RegistriesDSection } from '../../../trust/registries-d/registries-d.ts';
import { compareMinors } from '../release-version.ts';

/** A section of registries.d that nodes have already. */
interface TakenSection {
  /** A namespace of `docker`; undefined for `default-docker`. */
  readonly namespace: string | undefined;
  /** The file that has it. One of the same name replaces it. */
  readonly file: string;
  readonly owner: string;
  /** The first minor version whose nodes have it; undefined for all. */
  readonly from?: string;
  readonly source: string;
}

const RHCOS = 'RHEL CoreOS';
const CONTAINERS_COMMON = 'RHEL containers-common, /etc/containers/registries.d';
const MCO = 'the machine-config operator';
const MCO_FILE = 'sigstore-registries.yaml';
const OPENSHIFT_POLICY = 'openshift/machine-config-operator install, ClusterImagePolicy openshift';

const TAKEN: readonly TakenSection[] = [
  { namespace: undefined, file: 'default.yaml', owner: RHCOS, source: CONTAINERS_COMMON },
  ...['registry.redhat.io', 'registry.access.redhat.com'].map((namespace) => ({
    namespace,
    file: `${namespace}.yaml`,
    owner: RHCOS,
    source: CONTAINERS_COMMON,
  })),
  ...(
    [
      ['4.21', 'quay.io/openshift-release-dev/ocp-release'],
      ['4.22', 'quay.io/openshift-release-dev/ocp-v4.0-art-dev'],
      ['4.22', 'quay.io/openshift-release-dev/ocp-v5.0-art-dev'],
    ] as const
  ).map(([from, namespace]) => ({ namespace, file: MCO_FILE, owner: MCO, from, source: OPENSHIFT_POLICY })),
];

/**
 * Sections that nodes have already in a file of another name: the same section in two files stops every pull.
 *
 * @param minor of the nodes; undefined: only what all of them have
 */
export function findTakenSections(
  { docker, defaultDocker }: RegistriesD,
  minor: string | undefined,
): readonly string[] {
  return TAKEN.flatMap(({ namespace, file, owner, from }) => {
    const section = namespace === undefined ? defaultDocker : docker.get(namespace);
    if (section === undefined || section.place.startsWith(`${file}: `)) return [];
    if (from !== undefined && (minor === undefined || compareMinors(minor, from) < 0)) return [];
    const remedy =
      file === MCO_FILE ? 'leave the section out' : `give it in a file named ${file}, which replaces that one`;
    return [
      `${section.place}: ${owner} has this section in ${file}, and nodes pull nothing when two files have one: ${remedy}`,
    ];
  });
}

/** The first minor version whose nodes know `lookaside`; older ones know `sigstore` alone, and ignore it. */
const KNOWS_LOOKASIDE = '4.12';

/** Places of signatures that older nodes ignore: the field has another name there. @throws ConfigurationError */
export function warnOfIgnoredLookasides(files: readonly TrustDocument[], minor: string): readonly string[] {
  if (compareMinors(minor, KNOWS_LOOKASIDE) >= 0) return [];
  return files.flatMap((file) => {
    const { content } = parseTrustFile(file)[0] ?? {};
    const { docker, 'default-docker': byDefault } = isJsonObject(content) ? content : {};
    const sections = [['default-docker', byDefault] as const, ...Object.entries(isJsonObject(docker) ? docker : {})];
    return sections.flatMap(([name, section]) => {
      if (!isJsonObject(section) || section['lookaside'] === undefined || section['sigstore'] !== undefined) return [];
      return [`${file.name}: ${name}: nodes of ${minor} ignore lookaside: write sigstore, which all versions read`];
    });
  });
}

export function describeUnserved(scope: string): string {
  const what = scope === '' ? 'the default' : scope;
  const reason = 'no file of registries.d says use-sigstore-attachments: true for all of it, so that nodes find none';
  return `${what} requires Sigstore signatures, and ${reason}`;
}

/** Scopes that require Sigstore signatures where no section tells nodes to read any. */
export function findUnservedScopes(policy: ImagePolicy, registriesD: RegistriesD): readonly string[] {
  const scopes = [...(policy.transports.get('docker') ?? [])].filter(([, requirements]) =>
    requirements.some(({ type }) => type === 'sigstoreSigned'),
  );
  const byDefault = policy.default.some(({ type }) => type === 'sigstoreSigned') ? [''] : [];
  return [...new Set([...scopes.map(([scope]) => scope), ...byDefault])].filter(
    (scope) => !isServed(scope, registriesD),
  );
}

function isServed(scope: string, { docker, defaultDocker }: RegistriesD): boolean {
  const around = (scope === '' ? [] : listEnclosingScopes(scope)).map((outer) => docker.get(outer));
  const says = (section: RegistriesDSection | undefined): boolean => section?.useSigstoreAttachments !== undefined;
  return [...around, defaultDocker].find(says)?.useSigstoreAttachments ?? false;
}
