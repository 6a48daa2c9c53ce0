import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { type Pullspec, parsePullspec, parseRepository } from '../../base/names/reference.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { ManifestReader } from '../../registry/profile/profile-registries.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import type { Push } from '../receive/parse/push.ts';
import type { PushMessage } from '../receive/push-message.ts';

/** An image to decide on, or the reason why there is none. */
type Question =
  | { readonly kind: 'image'; readonly asked: Asked; readonly pullspec: Pullspec }
  | { readonly kind: 'nothing'; readonly reason: string };

/**
 * The digest of a push, at the repository that its own mirrors. The registry is asked only for what the
 * event does not say: a tag's digest, always anew, and the subject of a referrer.
 *
 * @param openRegistry called when the registry has to be asked
 * @throws StoreError of the registry
 */
export async function toQuestion(
  { push, mirrorOf }: PushMessage,
  openRegistry: (repository: Repository) => Promise<ManifestReader>,
  signal: AbortSignal,
): Promise<Question> {
  const repository = parseRepository(`${push.registry}/${push.repository}`);
  const subject = toSubject(push);
  const ask = (digest: Digest, named: string, tag?: string): Question => ({
    kind: 'image',
    asked: toAskedPush({ ...push, tag }, named),
    pullspec: parsePullspec(`${mirrorOf ?? repository}@${digest}`),
  });
  switch (subject.kind) {
    case 'ignored':
      return { kind: 'nothing', reason: subject.reason };
    case 'image':
    case 'subject': {
      const { digest, tag } = subject.push;
      if (digest !== undefined) return ask(digest, `${repository}${toSuffix(tag)}@${digest}`, tag);
      if (tag === undefined) return { kind: 'nothing', reason: 'neither a digest nor a tag was pushed' };
      const registry = await openRegistry(repository);
      // The record names the tag; that it pointed to this digest cannot be proven later.
      return ask(await registry.resolveTag(repository, tag, signal), `${repository}:${tag}`, tag);
    }
    case 'referrer': {
      const { digest } = push;
      if (digest === undefined) return { kind: 'nothing', reason: 'a referrer without a digest' };
      const registry = await openRegistry(repository);
      const about = readSubject(await registry.readManifest(repository, digest, signal));
      if (about === undefined) return { kind: 'nothing', reason: `the manifest ${digest} has no subject` };
      return ask(about, `${repository}@${about}`);
    }
    default:
      return subject satisfies never;
  }
}

function toAskedPush({ source, registry, repository, tag }: PushMessage['push'], pullspec: string): Asked {
  return { source, registry, repository, ...(tag === undefined ? {} : { tag }), pullspec };
}

function toSuffix(tag: string | undefined): string {
  return tag === undefined ? '' : `:${tag}`;
}

/** What a push asks to verify. */
type PushSubject =
  /** What was pushed. */
  | { readonly kind: 'image'; readonly push: Push }
  /** What the pushed signature is about: by digest, in the same repository. */
  | { readonly kind: 'subject'; readonly push: Push }
  /** What the pushed referrer is about: its manifest, to be read from the registry, names it. */
  | { readonly kind: 'referrer'; readonly push: Push }
  | { readonly kind: 'ignored'; readonly reason: string };

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
    return { kind: 'subject', push: { ...push, digest, tag: undefined, referrer: undefined } };
  }
  return push.referrer === true ? { kind: 'referrer', push } : { kind: 'image', push };
}

/** The digest that a referrer's manifest is about (OCI image specification, `subject`); undefined for an image. */
function readSubject({ bytes }: Pick<Manifest, 'bytes'>): Digest | undefined {
  const manifest = parseStrictJson(new TextDecoder().decode(bytes));
  const subject = isJsonObject(manifest) ? manifest['subject'] : undefined;
  const digest = isJsonObject(subject) ? subject['digest'] : undefined;
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
}
