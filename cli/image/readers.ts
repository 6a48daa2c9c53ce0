import { InputError } from '../../lib/base/errors/input-error.ts';
import type { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import { formatDockerReference, parseDockerReference, withDefaultTag } from '../../lib/base/names/docker-reference.ts';
import { parseReference, type Repository, repositoryHost } from '../../lib/base/names/reference.ts';
import { type ListedSignatures, listSignatures } from '../../lib/registry/attachments/find-attachments.ts';
import { refuseTransport } from '../../lib/registry/images/image-source.ts';
import { listImages } from '../../lib/registry/images/list-children.ts';
import { SIGN_FOR_NODES } from '../../lib/verdict/judge/nodes.ts';
import { describeClients, listLost, listReaders, type Readers, type Reading } from '../../lib/verdict/judge/readers.ts';
import { openRegistries, toNamedTrust } from '../open/registries.ts';
import type { OutputOptions, StoreOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface ImageReadersOptions
  extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa' | 'registry'>, OutputOptions {
  readonly pullSecret?: string;
  readonly allowRegistry: readonly string[];
}

/** The signatures of one image, and who reads them. */
interface ImageReaders {
  readonly digest: Digest;
  /** Of an image of a list. */
  readonly platform?: string;
  readonly signatures: readonly (ListedSignatures & { readonly readers: Readers; readonly byTag: ByTag })[];
  readonly failed: readonly { readonly location: string; readonly message: string }[];
  /** What to do where nodes read none of them. */
  readonly remedy?: string;
}

/** Who reads the signatures when the image is asked for by tag. */
interface ByTag {
  /** The tag that was asked for; missing where a digest was. */
  readonly tag?: string;
  /** What payloads call the image with that tag, or with any where none was asked for. */
  readonly names: readonly string[];
  readonly readers: Readers;
}

interface Report {
  readonly image: string;
  readonly images: readonly ImageReaders[];
}

/** @returns the exit status: 3 when something could not be read */
export async function showReaders(text: string, options: ImageReadersOptions, signal: AbortSignal): Promise<number> {
  refuseTransport(text, 'REFERENCE or docker://REFERENCE');
  const named = parseDockerReference(text.startsWith('docker://') ? text.slice('docker://'.length) : text);
  const { repository, tag, digest } = parseReference(formatDockerReference(withDefaultTag(named)));
  const host = repositoryHost(repository);
  const registries = openRegistries(options);
  try {
    const reader = await registries.openRegistry(
      await toNamedTrust(host, [host, ...options.allowRegistry], options.tlsCa),
    );
    const manifest = await reader.readManifest(repository, digest ?? tag ?? '', signal);
    const { images: children } = listImages(manifest) ?? {};
    const wanted =
      children === undefined
        ? [{ digest: manifest.digest }]
        : children.map((child) => ({
            digest: child.digest,
            platform:
              child.platform === undefined ? 'no platform' : `${child.platform.os}/${child.platform.architecture}`,
          }));
    const images: ImageReaders[] = [];
    for (const image of wanted) {
      const { found, failed } = await listSignatures(reader, repository, image.digest, signal);
      images.push(toImageReaders(image, tag, found, failed));
    }
    signal.throwIfAborted();
    printResult<Report>(options.output, { image: toName(repository, manifest.digest), images }, formatReport);
    return images.some(({ failed }) => failed.length > 0) ? ExitStatus.indeterminate : ExitStatus.done;
  } finally {
    registries.close();
  }
}

function toName(repository: Repository, digest: Digest): string {
  return `${repository}@${digest}`;
}

function toImageReaders(
  image: Pick<ImageReaders, 'digest' | 'platform'>,
  tag: string | undefined,
  found: readonly ListedSignatures[],
  failed: readonly { readonly location: string; readonly error: StoreError }[],
): ImageReaders {
  const isForNodes = found.some(({ form }) => form === 'tag');
  return {
    ...image,
    signatures: found.map((one) => ({ ...one, readers: listReaders([[one.form]]), byTag: toByTag(one, tag) })),
    failed: failed.map(({ location, error }) => ({ location, message: error.message })),
    ...(isForNodes || found.length === 0 ? {} : { remedy: SIGN_FOR_NODES }),
  };
}

function toByTag({ form, claimedNames }: ListedSignatures, tag: string | undefined): ByTag {
  const names = claimedNames.filter((name) => {
    const named = readTag(name);
    return named !== undefined && (tag === undefined || named === tag);
  });
  const asked = names.length > 0 ? 'by a tag that is named' : 'by a tag that is not named';
  return { ...(tag === undefined ? {} : { tag }), names, readers: listReaders([[form]], asked) };
}

/** The tag that a payload names, as nodes read it; undefined where it names none, or no image. */
function readTag(untrustedName: string): string | undefined {
  try {
    const { tag, digest } = parseDockerReference(untrustedName);
    return digest === undefined ? tag : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

const FORMS = { tag: '.sig tag', referrer: 'simple signing by referrers', bundle: 'bundle' } as const;
const LABELS: readonly (readonly [reading: Reading, label: string])[] = [
  ['yes', 'read by'],
  ['asked', 'when asked'],
  ['no', 'not read by'],
  ['unknown', 'not known'],
];

function formatReport({ image, images }: Report): string {
  return [image, ...images.flatMap(formatImage)].join('\n');
}

/** What is other than by digest: a name stands for those who read it under this name. */
function formatByTag(readers: Readers, { tag, names, readers: byTag }: ByTag): readonly string[] {
  const label = `    ${(tag === undefined ? 'by tag' : `by tag ${tag}`).padEnd(12)}  `;
  const lost = listLost(readers, byTag);
  if (lost.length > 0) {
    const read = byTag.yes.length === 0 ? [] : [`${label}read by ${describeClients(byTag.yes)}`];
    const remedy = `sign it with --sign-container-identity NAME:${tag ?? 'TAG'} as well, or let policies match by repository`;
    return [
      ...read,
      `${label}not read by ${describeClients(lost)}, unless a signature names the tag`,
      `      → ${remedy}`,
    ];
  }
  const as = names.length === 0 ? '' : `, by nodes as ${names.join(', ')}`;
  return [`${label}as by digest${as}`];
}

function formatImage({ digest, platform, signatures, failed, remedy }: ImageReaders): readonly string[] {
  const head = platform === undefined ? [] : [`  ${platform}  ${digest}`];
  const none = signatures.length === 0 ? ['  no Sigstore signature is beside it'] : [];
  return [
    ...head,
    ...none,
    ...signatures.flatMap(({ form, location, signatures: count, claimedNames, readers, byTag }) => [
      `  ${FORMS[form]}  ${location}  ${countOf(count, 'signature')}`,
      ...claimedNames.map((name) => `    names         ${name}`),
      ...LABELS.flatMap(([reading, label]) =>
        readers[reading].length === 0 ? [] : [`    ${label.padEnd(12)}  ${describeClients(readers[reading])}`],
      ),
      ...formatByTag(readers, byTag),
    ]),
    ...failed.map(({ location, message }) => `  failed  ${location}: ${message}`),
    ...(remedy === undefined ? [] : [`  nodes read none of them`, `    → ${remedy}`]),
  ];
}
