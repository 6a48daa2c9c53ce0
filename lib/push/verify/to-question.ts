import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { type Pullspec, parsePullspec, parseRepository, type Repository } from '../../base/names/reference.ts';
import { INDEX_MEDIA_TYPE, parseDescriptors } from '../../registry/client/list-referrers.ts';
import { type ManifestUse, readManifestUse } from '../../registry/images/read-index.ts';
import type { ManifestReader } from '../../registry/profile/profile-registries.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import type { Push } from '../receive/parse/push.ts';
import type { PushMessage } from '../receive/push-message.ts';

/** An image to decide on, or the reason why there is none. */
type Question =
  | { readonly kind: 'image'; readonly asked: Asked; readonly pullspec: Pullspec }
  | { readonly kind: 'nothing'; readonly reason: string };

/** How a push is looked into. */
interface Reading {
  /** Called when the registry has to be asked. @throws StoreError */
  readonly openRegistry: (repository: Repository) => Promise<ManifestReader>;
  /** A registry that does not answer is not waited for: what was pushed is judged as it is. */
  readonly isLastTry: boolean;
  readonly signal: AbortSignal;
}

/**
 * The digest of a push, at the repository that its own mirrors. The registry is asked for a tag's digest, always anew, and
 * for the manifest: an event does not say whether an image was pushed or something about one. An attachment leads to the
 * image that it is about, or to nothing.
 *
 * @throws StoreError of the registry
 */
export async function toQuestion({ push, mirrorOf }: PushMessage, reading: Reading): Promise<Question> {
  const repository = parseRepository(`${push.registry}/${push.repository}`);
  const ask = (digest: Digest, named: string, tag?: string): Question => ({
    kind: 'image',
    asked: toAskedPush({ ...push, tag }, named),
    pullspec: parsePullspec(`${mirrorOf ?? repository}@${digest}`),
  });
  const subject = toSubject(push);
  if (subject.kind === 'ignored') return { kind: 'nothing', reason: subject.reason };
  const { digest, tag, referrer } = subject.push;
  if (digest === undefined && tag === undefined) {
    return { kind: 'nothing', reason: 'neither a digest nor a tag was pushed' };
  }
  const pushed = digest ?? (await resolveTag(repository, tag ?? '', reading));
  const cut = await findCutSubject(repository, tag, pushed, reading);
  if (cut !== undefined) return ask(cut, `${repository}@${cut}`);
  const found = await findImage(
    repository,
    pushed,
    { isTagged: tag !== undefined, isReferrer: referrer === true },
    reading,
  );
  if (found.kind === 'nothing') return found;
  // Without the tag of an attachment: it is not the image's.
  if (found.digest !== pushed) return ask(found.digest, `${repository}@${found.digest}`);
  // The record names a resolved tag; that it pointed to this digest cannot be proven later.
  const named = digest === undefined ? `${repository}:${tag}` : `${repository}${toSuffix(tag)}@${digest}`;
  return ask(pushed, named, tag);
}

/** The referrers tag of a SHA-512 digest has half of it (OCI distribution 1.1, "Referrers Tag Schema"). */
const CUT_TAG = /^sha512-([0-9a-f]{64})$/;

/**
 * The image of the list under such a tag, where what it lists first is an attachment of a digest that begins so. Anything
 * else is judged as it is.
 */
async function findCutSubject(
  repository: Repository,
  tag: string | undefined,
  pushed: Digest,
  reading: Reading,
): Promise<Digest | undefined> {
  const [, half] = CUT_TAG.exec(tag ?? '') ?? [];
  if (half === undefined) return undefined;
  const { openRegistry, isLastTry, signal } = reading;
  try {
    const list = await (await openRegistry(repository)).readManifest(repository, pushed, signal);
    const [first] = list.mediaType === INDEX_MEDIA_TYPE ? parseDescriptors(list.bytes, tag ?? '').descriptors : [];
    const use = first === undefined ? undefined : await readUse(repository, first.digest, reading, false);
    return use?.kind === 'attachment' && use.subject?.startsWith(`sha512:${half}`) === true ? use.subject : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError && (isLastTry || LASTING.has(error.code))) return undefined;
    throw error;
  }
}

async function resolveTag(repository: Repository, tag: string, { openRegistry, signal }: Reading): Promise<Digest> {
  const registry = await openRegistry(repository);
  return await registry.resolveTag(repository, tag, signal);
}

/** Attachments of attachments that are followed to their image. */
export const MAX_SUBJECTS = 4;

type FoundImage =
  | { readonly kind: 'image'; readonly digest: Digest }
  | { readonly kind: 'nothing'; readonly reason: string };

interface PushedAs {
  /** Under a tag that is none of an attachment. */
  readonly isTagged: boolean;
  /** The registry itself says so, and its subject has to be known. */
  readonly isReferrer: boolean;
}

/**
 * Follows what was pushed to the image that it is about. What cannot be looked into is judged as it is, and so is what a
 * node would run: an image that names a subject, and one under a tag of its own that gives its layers other types.
 */
async function findImage(
  repository: Repository,
  pushed: Digest,
  { isTagged, isReferrer }: PushedAs,
  reading: Reading,
): Promise<FoundImage> {
  let digest = pushed;
  for (let depth = 0; depth <= MAX_SUBJECTS; depth += 1) {
    const isFirst = depth === 0;
    const use = await readUse(repository, digest, reading, isReferrer && isFirst);
    if (use === undefined) return { kind: 'image', digest };
    const isJudged = use.kind === 'image' ? use.mayRun || !(isReferrer && isFirst) : use.mayRun && isTagged && isFirst;
    if (isJudged) return { kind: 'image', digest };
    if (use.subject === undefined) return { kind: 'nothing', reason: `the attachment ${digest} names no image` };
    digest = use.subject;
  }
  return { kind: 'nothing', reason: `${pushed} is an attachment of more than ${MAX_SUBJECTS} others` };
}

/** Undefined if the manifest is not to be had, now or ever. @throws StoreError if it may be later, or is needed */
async function readUse(
  repository: Repository,
  digest: Digest,
  { openRegistry, isLastTry, signal }: Reading,
  isNeeded: boolean,
): Promise<ManifestUse | undefined> {
  try {
    const registry = await openRegistry(repository);
    return readManifestUse(await registry.readManifest(repository, digest, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError) || isNeeded) throw error;
    if (isLastTry || LASTING.has(error.code)) return undefined;
    throw error;
  }
}

/** What asking again does not change. */
const LASTING: ReadonlySet<StoreErrorCode> = new Set([
  'NotFound',
  'NotAllowed',
  'AccessDenied',
  'BodyInvalid',
  'ContentMismatch',
  'LimitExceeded',
]);

function toAskedPush({ source, registry, repository, tag, eventId }: PushMessage['push'], pullspec: string): Asked {
  const caller = { registry, ...(eventId === undefined ? {} : { eventId }) };
  return { source, registry, repository, ...(tag === undefined ? {} : { tag }), pullspec, caller };
}

function toSuffix(tag: string | undefined): string {
  return tag === undefined ? '' : `:${tag}`;
}

/** What a push is about, as its event says. */
type PushSubject =
  /** What was pushed; of a tag of signatures, the image that the tag names. */
  { readonly kind: 'image'; readonly push: Push } | { readonly kind: 'ignored'; readonly reason: string };

// cosign's tags, and the referrers tag of the OCI distribution specification, which has no suffix.
const ATTACHED_TAG = /^(sha256|sha384|sha512)-([0-9a-f]+)(?:\.(sig|att|sbom))?$/;

/**
 * A push of a signature re-verifies the signed image, never the signature, which would be rejected. An image that is
 * given such a tag is not verified, which accepts no digest: an attacker gains nothing.
 */
function toSubject(push: Push): PushSubject {
  const [, algorithm, hex, suffix] = ATTACHED_TAG.exec(push.tag ?? '') ?? [];
  const digest = `${algorithm}:${hex}`;
  if (isDigest(digest)) {
    if (suffix === 'att' || suffix === 'sbom') return { kind: 'ignored', reason: `an attached .${suffix}` };
    // Without the tag: however many signatures are pushed, it is the same question, and the same record.
    return { kind: 'image', push: { ...push, digest, tag: undefined, referrer: undefined } };
  }
  return { kind: 'image', push };
}
