import * as v from 'valibot';
import {
  decodeText,
  describeObject,
  objectError,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { parseImagePolicy } from '../../trust/documents/policy-documents.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import { type ClusterFile, MIRROR_SETS } from '../fleet/parse-cluster-objects.ts';
import type { Gathered } from '../fleet/read-fleet-archive.ts';
import { type ReadPolicy, toReadPolicy, withoutCopies } from './tried-policies.ts';

/** The files of a must-gather that say what runs. */
export const GATHERED: Gathered = {
  scoped: [
    /^(?:config\.openshift\.io\/(?:clusterversions|imagedigestmirrorsets|imagetagmirrorsets|clusterimagepolicies)|operator\.openshift\.io\/imagecontentsourcepolicies|machineconfiguration\.openshift\.io\/pinnedimagesets)(?:\/[^/]+)?\.(?:ya?ml|json)$/i,
  ],
  namespaced: [/^[^/]+\/(?:core\/pods|config\.openshift\.io\/imagepolicies(?:\/[^/]+)?)\.(?:ya?ml|json)$/i],
  groups: ['core', 'config.openshift.io'],
};

/** What an export says of a cluster. */
export interface ExportedCluster {
  readonly images: readonly UsedImage[];
  readonly mirrorRules: readonly MirrorRule[];
  /** The image policies that it has already. */
  readonly policies: readonly ReadPolicy[];
  /** What was not read, with the reason. */
  readonly unread: readonly { readonly file: string; readonly message: string }[];
  /** Objects that say nothing about images, by kind. */
  readonly ignored: ReadonlyMap<string, number>;
}

/** An image that something of a cluster uses. */
export interface UsedImage {
  /** Of the pods that use it; undefined for what nodes pull for the cluster itself. */
  readonly namespace: string | undefined;
  /** As the object names it. */
  readonly image: string;
  /** Where the object names no registry: the repository that the node found it in. */
  readonly foundIn: string | undefined;
  /** What runs by it: the object's own digest, else the one of its status. */
  readonly digest: Digest | undefined;
  /** Such as `Pod web-1 (app)`. */
  readonly usedBy: string;
}

const textOrNone = v.optional(v.nullable(v.string()), '');
const container = v.looseObject({ name: textOrNone, image: textOrNone });
const containers = v.nullish(v.array(container));
const state = v.looseObject({ name: textOrNone, imageID: textOrNone });
const states = v.nullish(v.array(state));
const volume = v.looseObject({ name: textOrNone, image: v.nullish(v.looseObject({ reference: textOrNone })) });
const metadata = v.pipe(plainObject, v.looseObject({ name: v.string(), namespace: v.string() }));

const pod = v.looseObject({
  metadata,
  spec: v.pipe(
    plainObject,
    v.looseObject({
      containers: v.array(container),
      initContainers: containers,
      ephemeralContainers: containers,
      volumes: v.nullish(v.array(volume)),
    }),
  ),
  status: v.pipe(
    plainObject,
    v.looseObject({
      // Behind all that is read of a pod: an export that was cut before it lacks it.
      phase: v.string(),
      containerStatuses: states,
      initContainerStatuses: states,
      ephemeralContainerStatuses: states,
    }),
  ),
});
const pinnedImageSet = v.looseObject({
  metadata: v.looseObject({ name: v.string() }),
  spec: v.pipe(plainObject, v.looseObject({ pinnedImages: v.array(v.looseObject({ name: v.string() })) })),
});
const clusterVersion = v.looseObject({
  status: v.pipe(plainObject, v.looseObject({ desired: v.pipe(plainObject, v.looseObject({ image: v.string() })) })),
});

/** What reads the images of a kind, by `<apiVersion> <kind>`. */
const IMAGE_READERS: ReadonlyMap<string, (source: SourceObject) => readonly UsedImage[]> = new Map([
  ['v1 Pod', readPod],
  ['machineconfiguration.openshift.io/v1 PinnedImageSet', readPinnedImageSet],
  ['machineconfiguration.openshift.io/v1alpha1 PinnedImageSet', readPinnedImageSet],
  ['config.openshift.io/v1 ClusterVersion', readClusterVersion],
]);

/**
 * Reads all objects of an export; what says nothing about images is counted.
 *
 * @throws InputError, ConfigurationError with the file for one that is cut, broken, or without anything that runs
 */
export function readExportedCluster(place: string, files: readonly ClusterFile[]): ExportedCluster {
  const images: UsedImage[] = [];
  const mirrorRules: MirrorRule[] = [];
  const policies: ReadPolicy[] = [];
  const unread: { readonly file: string; readonly message: string }[] = [];
  const ignored = new Map<string, number>();
  for (const { name: file, contents } of files) {
    if (contents instanceof InputError) throw contents;
    if (contents === 'not read') {
      unread.push({ file, message: 'not read: its name is neither of YAML or JSON nor of an archive of them' });
      continue;
    }
    for (const source of readObjects(file, decodeText(file, contents))) {
      const { apiVersion, kind } = source.content;
      if (typeof kind !== 'string' || kind === '' || typeof apiVersion !== 'string') {
        throw objectError(source, describeObject(source), 'no kind and apiVersion: the export was cut, or is none');
      }
      const key = `${apiVersion} ${kind}`;
      const document = { document: file, content: source.content, warnings: [], lineOf: () => source.line };
      const mirrorSet = MIRROR_SETS.get(key)?.(document);
      const reader = IMAGE_READERS.get(key);
      if (reader !== undefined) images.push(...reader(source));
      else if (mirrorSet !== undefined) mirrorRules.push(...mirrorSet.rules);
      else if (POLICIES.has(key)) policies.push(toReadPolicy(parseImagePolicy(document).parsed, file));
      else if (KINDS.has(kind) && KINDS.get(kind) === toGroup(apiVersion)) {
        unread.push({ file, message: `${describeObject(source)}: ${apiVersion} is not known: update Signet` });
      } else ignored.set(kind, (ignored.get(kind) ?? 0) + 1);
    }
  }
  if (images.length === 0) {
    const found = ignored.size === 0 ? 'no object' : [...ignored.keys()].join(', ');
    const remedy = 'export pods with oc get pods -A -o yaml';
    throw new InputError('FileUnreadable', `${place}: nothing that runs is in it, ${found} alone: ${remedy}`);
  }
  return { images, mirrorRules, policies: withoutCopies(policies), unread, ignored };
}

const POLICIES: ReadonlySet<string> = new Set(
  ['v1', 'v1alpha1'].flatMap((version) =>
    ['ClusterImagePolicy', 'ImagePolicy'].map((kind) => `config.openshift.io/${version} ${kind}`),
  ),
);
/** The groups of the kinds that are read: in another version they are not passed over. */
const KINDS: ReadonlyMap<string, string> = new Map(
  [...IMAGE_READERS.keys(), ...MIRROR_SETS.keys(), ...POLICIES].map((key) => {
    const [apiVersion = '', kind = ''] = key.split(' ');
    return [kind, toGroup(apiVersion)] as const;
  }),
);

function toGroup(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The images of containers of every kind and of image volumes. @throws InputError for an object that is not whole */
function readPod(source: SourceObject): readonly UsedImage[] {
  const { metadata: own, spec, status } = readShape(pod, source);
  const parts = [
    ['initContainers', spec.initContainers, status.initContainerStatuses],
    ['containers', spec.containers, status.containerStatuses],
    ['ephemeralContainers', spec.ephemeralContainers, status.ephemeralContainerStatuses],
  ] as const;
  if (spec.containers.length === 0) throw objectError(source, describeObject(source), 'it has no container');
  const ofContainers = parts.flatMap(([, named, found]) =>
    (named ?? []).map(({ name, image }) => {
      const imageId = found?.find((one) => one.name === name)?.imageID ?? '';
      return toUsed(image ?? '', own.namespace, `Pod ${own.name} (${name})`, imageId);
    }),
  );
  const ofVolumes = (spec.volumes ?? []).map(({ name, image }) =>
    toUsed(image?.reference ?? '', own.namespace, `Pod ${own.name} (volume ${name})`),
  );
  return [...ofContainers, ...ofVolumes].filter(({ image }) => image !== '');
}

function readPinnedImageSet(source: SourceObject): readonly UsedImage[] {
  const { metadata: own, spec } = readShape(pinnedImageSet, source);
  return spec.pinnedImages.map(({ name }) => toUsed(name, undefined, `PinnedImageSet ${own.name}`));
}

function readClusterVersion(source: SourceObject): readonly UsedImage[] {
  const { status } = readShape(clusterVersion, source);
  return [toUsed(status.desired.image, undefined, 'ClusterVersion status.desired')];
}

/** @param imageId `<repository>@<digest>`, perhaps behind a transport; an image ID alone names no manifest */
function toUsed(image: string, namespace: string | undefined, usedBy: string, imageId = ''): UsedImage {
  const [repository = '', id = ''] = imageId.replace(/^[a-z-]+:\/\//, '').split('@');
  const [, named] = image.split('@');
  const digest = [named, id].find((text) => text !== undefined && isDigest(text));
  const isFound = isDigest(id) && repository.includes('/');
  return {
    namespace,
    image,
    foundIn: isFound ? repository : undefined,
    digest: digest !== undefined && isDigest(digest) ? digest : undefined,
    usedBy,
  };
}
