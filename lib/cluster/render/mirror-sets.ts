import { InputError } from '../../base/errors/input-error.ts';
import { parseRepository, type Repository, repositoryHost } from '../../base/names/reference.ts';
import { parseDnsName } from './dns-name.ts';

/** ImageDigestMirrorSet, ImageTagMirrorSet, or the ImageContentSourcePolicy of clusters before 4.13. */
export type MirrorSetKind = 'idms' | 'itms' | 'icsp';
export type MirrorSourcePolicy = 'AllowContactingSource' | 'NeverContactSource';

export interface MirrorSetRequest {
  readonly kind: MirrorSetKind;
  /** Of the object: one of the same name is replaced. */
  readonly name: string;
  /** Repositories of release images, and of their component images. */
  readonly releases: readonly Repository[];
  readonly components: readonly Repository[];
  /** Mirrors of release images, in the order in which nodes try them. */
  readonly mirrors: readonly Repository[];
  /** Mirrors of components; if empty, `mirrors`. */
  readonly componentMirrors: readonly Repository[];
  readonly sourcePolicy?: MirrorSourcePolicy | undefined;
}

/** A rendered mirror set. */
export interface MirrorSetManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, readonly object[]>>;
}

const NAME = 'signet-release-mirrors';
const DEFAULT_PROFILE = 'ocp';
const DOCKER_HUB = 'docker.io';

/** Repositories of the component images of built-in profiles. */
const COMPONENTS: ReadonlyMap<string, readonly Repository[]> = new Map([
  [
    'ocp',
    ['quay.io/openshift-release-dev/ocp-v4.0-art-dev', 'quay.io/openshift-release-dev/ocp-v5.0-art-dev'].map(
      parseRepository,
    ),
  ],
  ['okd', [parseRepository('quay.io/okd/scos-content')]],
]);

/** Component repositories of the profiles `ocp` and `okd`; none for any other. */
export function builtInComponents(profile: string): readonly Repository[] {
  return COMPONENTS.get(profile) ?? [];
}

/**
 * Renders the mirror set that redirects nodes to mirrors of release and component images. It changes nothing about what
 * is accepted: pullspecs still name the source.
 *
 * @throws InputError `ArgumentInvalid`
 */
export function toMirrorSet(request: MirrorSetRequest): MirrorSetManifest {
  const { kind, releases, components, mirrors, sourcePolicy } = request;
  const componentMirrors = request.componentMirrors.length === 0 ? mirrors : request.componentMirrors;
  const sources = [...releases, ...components];
  if (releases.length === 0) throw invalid('no source: give the repository of release images');
  if (mirrors.length === 0) throw invalid('no mirror: give at least one');
  refuseRepeated('source', sources);
  refuseRepeated('mirror', mirrors);
  refuseRepeated('mirror of components', componentMirrors);
  const loop = [...mirrors, ...componentMirrors].find((mirror) => sources.includes(mirror));
  if (loop !== undefined) throw invalid(`${loop} is a source and cannot be a mirror`);
  if (kind === 'icsp' && sourcePolicy !== undefined) {
    throw invalid('an ImageContentSourcePolicy has no mirrorSourcePolicy: use idms');
  }
  const policy = sourcePolicy === undefined ? {} : { mirrorSourcePolicy: sourcePolicy };
  return toManifest(kind, parseDnsName(request.name), [
    ...releases.map((source) => ({ source, mirrors, ...policy })),
    ...components.map((source) => ({ source, mirrors: componentMirrors, ...policy })),
  ]);
}

/** The name of a profile's mirror set, so that those of two profiles stand side by side. @throws InputError */
export function toMirrorSetName(profile: string): string {
  if (profile === DEFAULT_PROFILE) return NAME;
  try {
    return parseDnsName(`${NAME}-${profile}`);
  } catch (cause) {
    throw new InputError(
      'ArgumentInvalid',
      `no name of a mirror set can be made of the profile ${profile}: use --name`,
      { cause },
    );
  }
}

/** Parses a repository of a mirror set: with a registry, and no IPv6 address, which the API rejects. @throws InputError */
export function parseMirrorRepository(text: string): Repository {
  const repository = parseRepository(text);
  const host = repositoryHost(repository);
  if (host === DOCKER_HUB && !text.toLowerCase().startsWith(`${DOCKER_HUB}/`)) {
    throw invalid(`${JSON.stringify(text)} has no registry: write registry/repository`);
  }
  if (host.startsWith('[')) throw invalid(`${repository}: mirror sets allow no IPv6 address; use a host name`);
  return repository;
}

function toManifest(kind: MirrorSetKind, name: string, entries: readonly object[]): MirrorSetManifest {
  const metadata = { name };
  switch (kind) {
    case 'idms': {
      const spec = { imageDigestMirrors: entries };
      return { apiVersion: 'config.openshift.io/v1', kind: 'ImageDigestMirrorSet', metadata, spec };
    }
    case 'itms': {
      const spec = { imageTagMirrors: entries };
      return { apiVersion: 'config.openshift.io/v1', kind: 'ImageTagMirrorSet', metadata, spec };
    }
    case 'icsp': {
      const spec = { repositoryDigestMirrors: entries };
      return { apiVersion: 'operator.openshift.io/v1alpha1', kind: 'ImageContentSourcePolicy', metadata, spec };
    }
    default:
      throw new TypeError(`unknown kind ${JSON.stringify(kind satisfies never)}`);
  }
}

function refuseRepeated(what: string, repositories: readonly Repository[]): void {
  const twice = repositories.find((repository, index) => repositories.indexOf(repository) !== index);
  if (twice !== undefined) throw invalid(`the ${what} ${twice} is given twice`);
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
